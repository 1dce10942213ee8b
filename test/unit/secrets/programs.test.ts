import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../../agent/commands/doctor.ts';
import { describeFinding } from '../../../agent/commands/finding.ts';
import { NftGate } from '../../../agent/gate/nft.ts';
import { LinuxHost } from '../../../agent/host/linux.ts';
import { startWireguardGo } from '../../../agent/host/userspace.ts';
import { WgDriver } from '../../../agent/wireguard/wg.ts';
import { systemClock } from '../../../common/clock.ts';
import { type CommandRunner, runCommand, streamLines } from '../../../common/command.ts';
import { describeError, TurnpikeError } from '../../../common/errors.ts';
import { createLogger } from '../../../common/log.ts';
import { createNotifier } from '../../../common/notify.ts';
import { generateWireguardKeyPair } from '../../../common/wireguard-key.ts';
import { behaviours, canaries, leaksIn, StandIns } from './stand-ins.ts';

let standIns: StandIns;
let stateDirectory: string;
const logged: string[] = [];
const log = createLogger('test', 'trace', { write: (line) => void logged.push(line) });

beforeAll(async () => {
  standIns = await StandIns.install();
  stateDirectory = await mkdtemp(join(tmpdir(), 'turnpike-secrets-'));
});
afterAll(async () => {
  await standIns.remove();
  await rm(stateDirectory, { recursive: true });
});

// As in the product, but for the patience: nobody waits two minutes for a stand-in.
const run: CommandRunner = (argv, options) => runCommand(argv, { ...options, timeoutMs: 300 });
const interfaceName = 'tpcanary0';
const frame = {
  interfaceName,
  range4: '10.64.0.0/16',
  range6: 'fd74:7572:6e70::/64',
  address4: '10.64.0.1',
  address6: 'fd74:7572:6e70::1',
  ipv6: true,
  mtu: 1420,
};
const settings = {
  ...{ listenPort: 51_820, range4: frame.range4, range6: frame.range6, address4: frame.address4 },
  ...{ address6: frame.address6, mtu: 1420, validitySeconds: 60, seatPatienceSeconds: 60 },
};
const closed = () => {
  throw new TurnpikeError('environment', 'the kernel is left alone');
};
const gate = new NftGate({ run, stream: streamLines, open: closed, clock: systemClock });
const wireguard = new WgDriver({ run, interfaceName, maxPeers: 100 });
const { privateKey, publicKey } = generateWireguardKeyPair();
const peer = { publicKey, presharedKey: undefined, addresses: ['10.64.0.2', 'fd74:7572:6e70::2'] };
// On whose clock the seconds for which it waits for an interface are over at once.
const hasty = { ...systemClock, monotonic: () => systemClock.monotonic() * 50 };
const hostOf = () =>
  new LinuxHost({
    ...{ run, clock: hasty, stateDirectory, interfaceName },
    ...{ userspace: 'never' as const, uplink: 'auto', ipv6: 'auto' as const },
  });
const notifier = createNotifier({
  ...{ env: { NOTIFY_SOCKET: '/nonexistent', WATCHDOG_USEC: '1000000' }, pid: process.pid },
  ...{ run, clock: systemClock, log },
});

/** Every place where the product runs a program, by what it does there. */
const places: Record<string, () => Promise<unknown>> = {
  'nft: create': () => gate.create(frame),
  'nft: reframe': () => gate.reframe(frame),
  'nft: remove': () => gate.remove(),
  'nft: reset a bell': () => gate.resetBell('arrival'),
  'nft: watch': async () => {
    const heard: unknown[] = [];
    const watch = gate.watch((event) => heard.push(event));
    await Promise.race([watch.ended, systemClock.sleep(300)]);
    watch.stop();
    await watch.ended;
    return heard;
  },
  'wg: public key': () => wireguard.publicKey(),
  'wg: peers': () => wireguard.peers(),
  'wg: activity': () => wireguard.activity(),
  'wg: configure': () => wireguard.configure({ privateKey, listenPort: 51_820 }),
  'wg: upsert': () => wireguard.upsert([peer]),
  'wg: remove': () => wireguard.remove([publicKey]),
  'ip: make the host': () => hostOf().ensure(settings),
  'ip: take it down': () => hostOf().remove(),
  'ip: driver': () => hostOf().driver(),
  'ip: IPv6': () => hostOf().ipv6(),
  'wireguard-go: start': () => startWireguardGo(run, interfaceName),
  'systemd-notify': () => notifier.ready(),
  doctor: async () => {
    const options = { run, clock: systemClock, interfaceName, stateDirectory, uplink: 'eth0' };
    const findings = await doctor({ ...options, userspace: 'always' });
    return findings.map(describeFinding);
  },
};

/** An error as people, logs and debuggers would see it. */
function renderings(error: unknown): string[] {
  log.error({ err: error }, 'as the product logs it');
  log.error({ reason: error }, 'under another key');
  log.error(error);
  const said = error instanceof Error ? [String(error.stack), error.message] : [];
  return [
    describeError(error),
    inspect(error, { depth: 9, showHidden: true }),
    JSON.stringify(error),
    ...said,
  ];
}

describe('whatever a program prints, no error, log line or answer repeats it', { timeout: 60_000 }, () => {
  it.each(behaviours)('printing $output, then $end', async (behaviour) => {
    await standIns.behave(behaviour);
    logged.length = 0;
    let failed = 0;
    const visits = Object.entries(places).map(async ([place, act]) => {
      try {
        const result = await act();
        // What is not an error goes where it belongs; of these the answer itself is for people.
        if (place === 'doctor') expect(leaksIn(JSON.stringify(result)), place).toEqual([]);
      } catch (error) {
        failed += 1;
        expect(leaksIn(renderings(error).join('\n')), place).toEqual([]);
        expect(error, place).toBeInstanceOf(TurnpikeError);
      }
    });
    await Promise.all(visits);
    expect(leaksIn(logged.join('\n'))).toEqual([]);
    expect(await standIns.runs()).toBeGreaterThan(15);
    if (behaviour.end !== 'exit 0') expect(failed).toBeGreaterThan(12);
  });
});

it('an error that is none of ours is logged without its fields, under whatever key, and without quoting', () => {
  logged.length = 0;
  const { privateKey: secret, endpoint } = canaries;
  const foreign = Object.assign(new Error('connect failed'), {
    stderr: secret,
    address: endpoint,
    code: 'EX',
  });
  for (const quote of [() => JSON.parse(`{"key": ${secret}}`), () => BigInt(secret)]) {
    try {
      quote();
    } catch (error) {
      log.error(error);
      log.error({ cause: error });
    }
  }
  log.error(foreign);
  log.error({ err: foreign, error: foreign, cause: foreign }, 'words');
  log.error({ err: Object.assign(new AggregateError([foreign], 'many'), { stdout: secret }) });
  expect(logged.length).toBeGreaterThan(6);
  expect(leaksIn(logged.join(''))).toEqual([]);
  for (const line of logged.slice(-2)) expect(line).toMatch(/"message":"(connect failed|many)"/);
  expect(logged.at(-2)).toMatch(/(.*"code":"EX"){3}/);
});
