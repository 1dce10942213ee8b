import { describe, expect, it } from 'vitest';
import { parseDestination, refusalOfAddress } from './destination.ts';
import { lastingMs, nextAttempt } from './schedule.ts';

describe('a destination', () => {
  it.each([
    'https://billing.example.net/hooks?x=1',
    'https://10.0.0.7:8443/',
    'https://[fd00::7]/',
    'http://127.0.0.1:8080/hook',
    'http://192.168.1.5/',
    'http://billing:8080/',
  ])('may be %s', (url) => {
    expect(parseDestination(url).href).toBe(url);
  });

  it.each([
    ['nothing', 'is not a URL'],
    ['ftp://billing.example.net/', 'must begin with https://'],
    ['https://user:secret@billing.example.net/', 'user, password and fragment'],
    ['http://billing.example.net/', 'http:// is for your own network only'],
    ['http://203.0.113.9/', 'nothing is sent there'],
    ['http://9.9.9.9/', 'http:// is for your own network only'],
    ['https://169.254.169.254/latest', 'where clouds hand out credentials'],
    ['https://[::ffff:169.254.169.254]/', 'where clouds hand out credentials'],
    ['https://2852039166/', 'where clouds hand out credentials'],
    ['https://[fd00:ec2::254]/', 'where clouds hand out credentials'],
    ['https://169.254.1.1/', 'linkLocal'],
    ['https://0.0.0.0/', 'unspecified'],
    ['https://224.0.0.1/', 'multicast'],
    ['https://[fe80::1]/', 'linkLocal'],
  ])('may not be %s, and it is said why', (url, why) => {
    expect(() => parseDestination(url)).toThrow(why);
  });

  it('is looked at again when its name was resolved', () => {
    const plain = new URL('http://billing:8080/');
    expect(refusalOfAddress(plain, '10.0.0.1')).toBeUndefined();
    expect(refusalOfAddress(plain, '9.9.9.9')).toContain('your own network');
    expect(refusalOfAddress(new URL('https://billing.example.net/'), '169.254.169.254')).toContain(
      'credentials',
    );
  });
});

describe('retries', () => {
  it('come ever later, ten times within a day', () => {
    let at = 0;
    const waits: number[] = [];
    for (let attempts = 1; ; attempts++) {
      const next = nextAttempt(attempts, at, 0.5);
      if (next === undefined) break;
      waits.push(next - at);
      at = next;
    }
    expect(waits).toHaveLength(10);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(at).toBeGreaterThan(23 * 3600_000);
    expect(at).toBeLessThan(24 * 3600_000);
    // Also at their soonest, so that an endpoint that took nothing meanwhile is disabled and loses nothing.
    expect(waits.reduce((sum, _wait, n) => sum + (nextAttempt(n + 1, 0, 0) ?? 0), 0)).toBeGreaterThan(
      lastingMs,
    );
  });

  it('wait as long as the endpoint asks, but no longer than an hour more', () => {
    expect(nextAttempt(1, 0, 0.5, 60_000)).toBe(60_000);
    expect(nextAttempt(1, 0, 0.5, 1e9)).toBe(3600_000);
    expect(nextAttempt(5, 0, 0.5, 1000)).toBe(1800_000);
  });
});
