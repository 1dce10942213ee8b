import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../common/clock.ts';
import { CommandError, type CommandRunner } from '../../common/command.ts';
import { IdentityFile } from '../identity/identity-file.ts';
import { statusSocketPath, statusTask } from '../status/socket.ts';
import type { AgentStatus } from '../status/status.ts';
import { type DoctorOptions, doctor } from './doctor.ts';
import { describeFinding } from './finding.ts';

let stateDirectory: string;
beforeAll(async () => {
  stateDirectory = await mkdtemp(join(tmpdir(), 'turnpike-doctor-'));
});
afterAll(async () => rm(stateDirectory, { recursive: true }));

type Answers = Readonly<Record<string, string | CommandError>>;

const absent = (program: string) => new CommandError(program, undefined, 'is not installed', '');
const failure = (stderr: string) => new CommandError('x', 1, 'failed with status 1', stderr);

// A machine in order; the longest beginning that matches a command gives its answer.
const healthy: Answers = {
  'ip -V': 'ip utility, iproute2-6.1.0, libbpf 1.1.2\n',
  'ip -j -4 rule': '[{"priority":0,"src":"all","table":"local"}]',
  'ip -j -d address': failure('Device "wg0" does not exist.'),
  'nft --version': 'nftables v1.0.6 (Lester Gooch #5)\n',
  'nft --check': '',
  'wg --version': 'wireguard-tools v1.0.20210914 - https://git.zx2c4.com/wireguard-tools/\n',
  modprobe: '',
  'wireguard-go --version': 'wireguard-go v0.0.20220316\n',
  cat: '1\n',
  timedatectl: 'yes\n',
};

async function findings(changes: Answers = {}, options: Partial<DoctorOptions> = {}): Promise<string[]> {
  const answers = Object.entries({ ...healthy, ...changes }).sort(
    ([left], [right]) => right.length - left.length,
  );
  const run: CommandRunner = async (argv) => {
    const answer = answers.find(([start]) => argv.join(' ').startsWith(start))?.[1] ?? absent(argv[0]);
    if (answer instanceof CommandError) throw answer;
    return answer;
  };
  const asked = { run, clock: systemClock, interfaceName: 'wg0', stateDirectory, uplink: 'auto', ...options };
  return (await doctor({ ...asked, userspace: options.userspace ?? 'never' })).map(describeFinding);
}

describe('doctor', () => {
  it('finds nothing missing on a machine in order', async () => {
    const lines = (await findings()).filter((line) => !line.includes('rights'));
    expect(lines.filter((line) => !line.startsWith('ok'))).toEqual([]);
    expect(lines).toContain('ok       nft: 1.0.6, takes our table');
  });

  const foreign =
    '[{"ifname":"wg0","flags":["UP"],"mtu":1420,"linkinfo":{"info_kind":"wireguard"},"addr_info":[]}]';
  it.each<[string, Answers]>([
    ['missing  nft: is not installed (apt install nftables)', { 'nft --version': absent('nft') }],
    ['missing  nft: 1.0.6 or the kernel does not take our table', { 'nft --check': failure('syntax error') }],
    [
      'missing  nft: 1.0.6 gave no verdict on our table: nft took too long and was ended',
      { 'nft --check': new CommandError('nft', undefined, 'took too long and was ended', '') },
    ],
    ['warning  nft: 1.0.6, not tried', { 'nft --check': failure('Operation not permitted') }],
    ['missing  wg: is not installed (apt install wireguard-tools)', { 'wg --version': absent('wg') }],
    ['missing  ip: is not installed (apt install iproute2)', { 'ip -V': absent('ip') }],
    ["missing  interface: wg0 is somebody else's", { 'ip -j -d address': foreign }],
    ['warning  clock: ', { timedatectl: 'no\n' }],
    [
      'warning  routing rules: "from 10.0.0.0/8 lookup 100" comes before the interlock',
      { 'ip -j -4 rule': '[{"priority":100,"src":"10.0.0.0","srclen":8,"table":"100"}]' },
    ],
    [
      'warning  routing rules: "fwmark 0x1 lookup 100" looks at the whole mark',
      { 'ip -j -4 rule': '[{"priority":3000,"src":"all","fwmark":"0x1","table":"100"}]' },
    ],
  ])('says "%s"', async (line, changes) => {
    expect((await findings(changes)).some((found) => found.startsWith(line))).toBe(true);
  });

  it('says that there is no WireGuard when there is none of either kind', async () => {
    const none = { modprobe: failure(''), 'wireguard-go --version': absent('wireguard-go') };
    expect(await findings(none, { userspace: 'always' })).toContainEqual(
      expect.stringContaining('missing  WireGuard: neither in this kernel nor as wireguard-go'),
    );
  });

  it('says that the interface named as uplink does not exist, and by which key it was named', async () => {
    expect(await findings({}, { uplink: 'nope0' })).toContainEqual(
      'missing  uplink: "nope0" (network.uplink) is no interface of this machine (set network.uplink to the interface towards the internet, or to "auto")',
    );
    const there = '[{"ifname":"eth0","flags":["UP"],"mtu":1500,"addr_info":[]}]';
    const lines = await findings({ 'ip -j -d address show dev eth0': there }, { uplink: 'eth0' });
    expect(lines).toContain('ok       uplink: "eth0" is there');
  });

  it('says that the clock is not the controller’s, by what the agent that runs has heard', async () => {
    const stop = new AbortController();
    const answer = { controller: { clockAheadMs: -3_600_000 } } as AgentStatus;
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const serving = statusTask(statusSocketPath(stateDirectory), () => answer).run(stop.signal, resolve);
    await ready;
    expect(await findings()).toContainEqual(
      expect.stringMatching(/^warning {2}clock: says .*, 3600 s behind the controller's/),
    );
    stop.abort();
    await serving;
  });

  it('says that others may write where the keys are, and that the WireGuard key is lost', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'turnpike-doctor-'));
    const keys = async () =>
      (await findings({}, { stateDirectory: directory })).filter((line) => line.includes(' keys: '));
    expect(await keys()).toEqual([]);
    await chmod(directory, 0o777);
    expect(await keys()).toEqual([
      expect.stringMatching(/^missing {2}keys: others may write in .* \(chmod 700 /),
    ]);
    await chmod(directory, 0o700);
    const names = { nodeName: 'fra1', controllerAddress: '', enrolmentAddress: '' };
    const secrets = { privateKey: '', certificate: '', caCertificate: '' };
    const identity = { nodeId: 'nod_0123456789abcdef', incarnation: 1, ...names, ...secrets };
    await new IdentityFile(directory).save(identity);
    expect(await keys()).toEqual(["ok       keys: are for the agent's user only"]);
    await new IdentityFile(directory).save({ ...identity, journalBegun: true });
    expect(await keys()).toEqual([
      expect.stringMatching(/^missing {2}keys: .*wireguard\.key is gone.*turnpike-agent new-key/),
    ]);
    await rm(directory, { recursive: true });
  });

  it('says that the state directory is not there, and that the clock is years off', async () => {
    expect(await findings({}, { stateDirectory: '/nowhere/at-all' })).toContainEqual(
      'missing  state: /nowhere/at-all cannot be written: ENOENT (install -d -m 0700 /nowhere/at-all)',
    );
    const clock: Clock = { ...systemClock, now: () => 0 };
    expect(await findings({}, { clock })).toContainEqual(
      expect.stringContaining('missing  clock: says 1970-01-01T00:00:00.000Z'),
    );
  });
});
