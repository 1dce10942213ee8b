import { describe, expect, it } from 'vitest';
import { formatHostPort, parseHostPort } from './host-port.ts';

describe('HOST:PORT', () => {
  it.each([
    ['vpn.example.net:51820', 'vpn.example.net', 51820],
    ['192.0.2.1:1', '192.0.2.1', 1],
    ['[2001:db8::1]:65535', '2001:db8::1', 65535],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['localhost:80', 'localhost', 80],
  ])('reads %s and writes it back', (text, host, port) => {
    expect(parseHostPort(text)).toEqual({ host, port });
    expect(formatHostPort({ host, port })).toBe(text);
  });

  it.each([
    '',
    'host',
    ':80',
    'host:',
    'host:70000',
    '2001:db8::1:80',
    '[host]:80',
    '300.1.1.1:80',
    'a b:80',
    'x;y:1',
    '-a.b:1',
  ])('refuses %j', (text) => {
    expect(() => parseHostPort(text)).toThrow(/is not HOST:PORT/);
  });
});
