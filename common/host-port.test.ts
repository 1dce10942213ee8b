import { expect, it } from 'vitest';
import { formatHostPort, parseHostPort } from './host-port.ts';

it.each(['node.example.net:7443', '192.0.2.1:0', '[2001:db8::1]:65535'])(
  '%s comes back as written',
  (text) => {
    expect(formatHostPort(parseHostPort(text))).toBe(text);
  },
);

it.each([
  '',
  'host',
  ':7443',
  'host:',
  'host:65536',
  '2001:db8::1:7443',
  '[host]:1',
  'a b:1',
  '[::g]:1',
  '999.1.1.1:51820',
  '010.0.0.1:1',
  '10.1:1',
  '0x7f000001:1',
  '-h:1',
  'h-:1',
  'a..b:1',
  `${'a'.repeat(64)}:1`,
])('"%s" is refused', (text) => {
  expect(() => parseHostPort(text)).toThrow('is not an address with a port');
});

it('what is refused is repeated in one line, without control characters', () => {
  expect(() => parseHostPort('node\n\u001b[2J:1')).toThrow('"node??[2J:1" is not an address with a port');
});
