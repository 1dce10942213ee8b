import { describe, expect, it } from 'vitest';
import { CommandError } from '../../common/command.ts';
import { doctorPrivacy } from './doctor-privacy.ts';
import { describeFinding } from './finding.ts';

interface Machine {
  readonly files?: Readonly<Record<string, string>>;
  readonly answers?: Readonly<Record<string, string>>;
}

const quietFiles = {
  '/proc/swaps': 'Filename Type Size Used Priority\n',
  '/proc/sys/kernel/core_pattern': 'core\n',
  '/proc/sys/net/netfilter/nf_conntrack_log_invalid': '0\n',
  '/proc/sys/net/ipv4/conf/all/log_martians': '0\n',
  '/proc/1/comm': 'systemd\n',
};
const quietAnswers = {
  'nft -t -j list ruleset':
    '{"nftables":[{"metainfo":{}},{"rule":{"family":"inet","table":"t","chain":"c","expr":[{"accept":null}]}}]}',
  'systemd-analyze cat-config systemd/journald.conf':
    '# /etc/systemd/journald.conf\n[Journal]\n#Storage=auto\n',
};

async function findings({ files = {}, answers = {} }: Machine = {}): Promise<string[]> {
  const all: Record<string, string> = { ...quietFiles, ...files };
  const said: Record<string, string> = { ...quietAnswers, ...answers };
  const found = await doctorPrivacy({
    run: async (argv) => {
      const answer = said[argv.join(' ')];
      if (answer === undefined) throw new CommandError(argv[0], undefined, 'is not installed', '');
      return answer;
    },
    read: async (path) => all[path],
    list: async (path) => {
      const inside = Object.keys(all).filter((name) => name.startsWith(`${path}/`));
      return [...new Set(inside.map((name) => name.slice(path.length + 1).split('/')[0] ?? ''))];
    },
  });
  return found.map(describeFinding);
}

const journald = (text: string) => ({
  'systemd-analyze cat-config systemd/journald.conf': `[Journal]\n${text}\n`,
});
const rule = (expr: string) => ({
  'nft -t -j list ruleset': `{"nftables":[{"rule":{"family":"inet","table":"filter","chain":"input","expr":[${expr}]}}]}`,
});

describe('doctor privacy', () => {
  it('finds nothing on a machine that keeps nothing', async () => {
    expect((await findings()).filter((line) => !line.startsWith('ok'))).toEqual([]);
  });

  it('finds nothing where no tool is installed and no file is there', async () => {
    const nothing = await doctorPrivacy({
      run: async (argv) => {
        throw new CommandError(argv[0], undefined, 'is not installed', '');
      },
      read: async () => undefined,
      list: async () => [],
    });
    expect(nothing.every(({ state }) => state === 'ok')).toBe(true);
  });

  it.each<[string, Machine]>([
    [
      'swap: "/dev/sda2" is written in clear',
      { files: { '/proc/swaps': 'Filename\n/dev/sda2 partition 1 0 -2\n' } },
    ],
    [
      'swap: "/swapfile" is written in clear',
      { files: { '/proc/swaps': 'Filename\n/swapfile file 1 0 -2\n' } },
    ],
    [
      'core dumps: go to "/usr/share/apport/apport"',
      { files: { '/proc/sys/kernel/core_pattern': '|/usr/share/apport/apport -p%p\n' } },
    ],
    [
      'core dumps: go to "/usr/lib/systemd/systemd-coredump"',
      { files: { '/proc/sys/kernel/core_pattern': '|/usr/lib/systemd/systemd-coredump %P\n' } },
    ],
    [
      'connection tracking: logs packets that it does not understand',
      { files: { '/proc/sys/net/netfilter/nf_conntrack_log_invalid': '255\n' } },
    ],
    ['martians: are logged', { files: { '/proc/sys/net/ipv4/conf/eth0/log_martians': '1\n' } }],
    [
      'WireGuard: writes debug messages',
      {
        files: {
          '/proc/dynamic_debug/control': 'drivers/net/wireguard/receive.c:123 [wireguard]wg_x =p "%s"\n',
        },
      },
    ],
    [
      'firewall: logs packets in "inet filter input"',
      { answers: rule('{"log":{"prefix":"x"}},{"drop":null}') },
    ],
    [
      'firewall: logs packets in "iptables FORWARD"',
      { answers: { 'iptables-legacy-save': '*filter\n-A FORWARD -i wg0 -j LOG --log-prefix x\nCOMMIT\n' } },
    ],
    ['collectors: conntrackd: keeps who speaks with whom', { files: { '/proc/77/comm': 'conntrackd\n' } }],
    ['journal: keeps on the disk, without an end', { answers: journald('Storage=persistent') }],
    ['journal: keeps on the disk, without an end', { files: { '/var/log/journal/x': '' } }],
    ['journal: hands all of it on to syslog', { answers: journald('ForwardToSyslog=yes') }],
  ])('warns: %s', async (line, machine) => {
    const warnings = (await findings(machine)).filter((text) => text.startsWith('warning'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(line);
  });

  it.each<[string, Machine]>([
    ['swap in memory', { files: { '/proc/swaps': 'Filename\n/dev/zram0 partition 1 0 -2\n' } }],
    [
      'encrypted swap',
      {
        files: {
          '/proc/swaps': 'Filename\n/dev/dm-1 partition 1 0 -2\n',
          '/sys/block/dm-1/dm/uuid': 'CRYPT-PLAIN-swap\n',
        },
      },
    ],
    [
      'core dumps that are not stored',
      {
        files: { '/proc/sys/kernel/core_pattern': '|/usr/lib/systemd/systemd-coredump %P\n' },
        answers: {
          'systemd-analyze cat-config systemd/coredump.conf': '[Coredump]\nStorage=external\nStorage=none\n',
        },
      },
    ],
    [
      'debug messages that are off',
      {
        files: {
          '/proc/dynamic_debug/control': 'drivers/net/wireguard/receive.c:123 [wireguard]wg_x =_ "%s"\n',
        },
      },
    ],
    ['a journal that forgets', { answers: journald('Storage=persistent\nMaxRetentionSec=1week') }],
    ['a journal in memory', { files: { '/var/log/journal/x': '' }, answers: journald('Storage=volatile') }],
  ])('leaves alone: %s', async (_what, machine) => {
    expect((await findings(machine)).filter((line) => !line.startsWith('ok'))).toEqual([]);
  });
});
