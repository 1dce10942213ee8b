import { describe, expect, it, vi } from 'vitest';
import { parseControllerConfig, readControllerConfig } from './config.ts';

const parse = (text: string) => parseControllerConfig('c.toml', text);
const nodes = '[nodes]\naddress = "controller.example.net"\n';

describe('the configuration of the controller', () => {
  it('needs only the address that agents dial', () => {
    expect(parse(nodes)).toEqual({
      logLevel: 'info',
      storePath: '/var/lib/turnpike/turnpike.db',
      api: { socket: '/run/turnpike/api.sock', listen: undefined, requestsPerMinute: 6000 },
      nodes: {
        address: 'controller.example.net',
        listen: { host: '0.0.0.0', port: 7443 },
        enrolmentListen: { host: '0.0.0.0', port: 7444 },
      },
      metricsListen: { host: '127.0.0.1', port: 9464 },
      fleet: { range4: '10.64.0.0/16', range6: 'fd74:7572:6e70::/64' },
      grants: { validitySeconds: 86_400 },
      envelope: { from: 'file', path: '/var/lib/turnpike/envelope.key' },
      retention: { 'daily-usage': 90, 'last-connection': 365, audit: 365 },
      backups: { directory: '/var/lib/turnpike/backups', everyHours: undefined, keepDays: 30 },
    });
  });

  it('takes every key', () => {
    const config = parse(`
      log_level = "debug"
      [store]
      path = "/tmp/t.db"
      [api]
      socket = "/tmp/a.sock"
      listen = "[::1]:8080"
      [nodes]
      address = "2001:db8::1"
      listen = "127.0.0.1:1"
      enrolment_listen = "127.0.0.1:2"
      [metrics]
      listen = "127.0.0.1:3"
      [fleet]
      range4 = "100.64.0.0/10"
      range6 = "fd00::/48"
      [grants]
      validity_seconds = 3600
      [retention]
      daily_usage_days = 7
      last_connection_days = 30
      audit_days = 3650
      backup_days = 14`);
    expect(config.api.listen).toEqual({ host: '::1', port: 8080 });
    expect(config.nodes.address).toBe('2001:db8::1');
    expect(config.fleet).toEqual({ range4: '100.64.0.0/10', range6: 'fd00::/48' });
    expect(config.grants.validitySeconds).toBe(3600);
    expect(config.backups.keepDays).toBe(14);
    expect(config.retention).toEqual({ 'daily-usage': 7, 'last-connection': 30, audit: 3650 });
  });

  it.each([
    ['an unknown key', `${nodes}listn = "x"`, 'c.toml: nodes.listn is not a known key'],
    ['an unknown table', `${nodes}[nods]\nx = 1`, 'c.toml: nods is not a known key'],
    ['a missing table', '', 'c.toml: nodes is missing'],
    ['a missing key', '[nodes]\n', 'c.toml: nodes.address is missing'],
    ['a wrong type', `${nodes}[store]\npath = 5`, 'c.toml: store.path must be string'],
    ['a wrong log level', `log_level = "loud"\n${nodes}`, 'c.toml: log_level must be'],
    ['what is not TOML', 'nodes = [', 'c.toml is not TOML'],
    [
      'a bad CIDR',
      `${nodes}[fleet]\nrange4 = "10.64.0.0/33"`,
      'c.toml: fleet.range4: "10.64.0.0/33" is not an IPv4 range in CIDR (write such as 10.64.0.0/16)',
    ],
    ['a range that could be octal', `${nodes}[fleet]\nrange4 = "010.64.0.0/16"`, 'leave out leading zeros'],
    ['a loopback range', `${nodes}[fleet]\nrange4 = "127.0.0.0/8"`, 'loopback'],
    ['an octal address', '[nodes]\naddress = "010.0.0.1"', 'is not a name or an address'],
    ['a line break in the address', '[nodes]\naddress = "a\\nb"', 'nodes.address: "a?b" is not a name'],
    ['IPv6 for IPv4', `${nodes}[fleet]\nrange4 = "fd00::/64"`, 'is not an IPv4 range'],
    ['host bits', `${nodes}[fleet]\nrange4 = "10.64.1.0/16"`, 'write 10.64.0.0/16'],
    ['a range of one address', `${nodes}[fleet]\nrange4 = "10.0.0.0/32"`, 'must be from /8 to /30'],
    ['too small an IPv6 range', `${nodes}[fleet]\nrange6 = "fd00::/120"`, 'holds fewer addresses'],
    [
      'a bad listener',
      `${nodes}[metrics]\nlisten = "9464"`,
      'c.toml: metrics.listen: "9464" is not an address with a port',
    ],
    ['a port in the address', '[nodes]\naddress = "a.b:7443"', 'nodes.address: "a.b:7443" is not a name'],
    ['a wrong number', `${nodes}[grants]\nvalidity_seconds = 1`, 'grants.validity_seconds must be >= 60'],
  ])('refuses %s in one line with file and key', (_what, text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'invalid' }));
    let said = '';
    try {
      parse(text);
    } catch (error) {
      said = String((error as Error).message);
    }
    expect(said).toContain(message);
    expect(said).not.toContain('\n');
  });

  it('takes the envelope key from a file or, started by systemd, from a credential', () => {
    const encryption = (text: string) => `${nodes}[encryption]\n${text}`;
    expect(parse(encryption('key_file = "/etc/k"')).envelope).toEqual({ from: 'file', path: '/etc/k' });
    const credential = encryption('credential = "turnpike"');
    expect(() => parse(credential)).toThrow(
      /encryption.credential: \$CREDENTIALS_DIRECTORY is not set.*LoadCredential/,
    );
    vi.stubEnv('CREDENTIALS_DIRECTORY', '/run/credentials/x');
    expect(parse(credential).envelope).toEqual({ from: 'credential', path: '/run/credentials/x/turnpike' });
    expect(() => parse(`${credential}\nkey_file = "/etc/k"`)).toThrow(/key_file is set too/);
    vi.unstubAllEnvs();
  });

  it('names a file that is not there', () => {
    expect(() => readControllerConfig('/nonexistent.toml')).toThrow(
      /\/nonexistent.toml cannot be read: ENOENT/,
    );
  });
});
