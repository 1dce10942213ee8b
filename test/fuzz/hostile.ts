import fc from 'fast-check';

/** Texts that have broken others: quoting, lines, terminals, shells, nft's grammar, formats, lengths. */
export const hostileTexts = [
  ...['', ' ', '-', '--', '-rf', '--help', '..', '../../etc/passwd', '/dev/null', '.', '*', '~'],
  ...[
    '"',
    "'",
    '`',
    '\\',
    '"; flush ruleset; "',
    "'; DROP TABLE devices; --",
    '$(reboot)',
    '`reboot`',
    '$HOME',
  ],
  ...[
    'a\nb',
    'a\r\nb',
    '\n[Peer]\nPublicKey = x',
    '\n',
    '\r',
    '\t',
    '\0',
    'a\0b',
    '\u2028',
    '\u2029',
    '\u0085',
  ],
  ...[
    '\u001b[2J',
    '\u001b]0;title\u0007',
    '\u009b31m',
    '\b\b\b',
    '\u202egnp.exe',
    '\u200b',
    '\ufeff',
    '\u00ad',
  ],
  ...[
    '} add rule inet turnpike forward accept',
    '{ 10.64.0.9 }',
    '@evil',
    'accept',
    '; reboot',
    '| sh',
    '&& sh',
    '# x',
  ],
  ...[
    '%s%n',
    '%00',
    '%2e%2e',
    '{{7*7}}',
    '<script>alert(1)</script>',
    '&amp;',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...[
    'NaN',
    'Infinity',
    '-1',
    '1e309',
    '0x10',
    '18446744073709551616',
    '9223372036854775808',
    '9007199254740993',
    '٣',
  ],
  ...['😀', 'é', 'e\u0301', '\ud800', '\udfff', 'ﬃ', 'İ', 'ß'],
  ...['::', '::1', '0.0.0.0', '010.64.0.1', 'fe80::1%wg0', '10.64.0.2/0', '10.64.0.2/33', '::ffff:10.64.0.2'],
  ...['x'.repeat(256), 'x'.repeat(70_000), '\u001b'.repeat(300)],
] as const;

export const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...hostileTexts), { maxLength: 3 }).map((all) => all.join('')),
  },
);

/** For 64 bits on the wire: the edges of what books, kernels and JavaScript can count. */
export const hostileUint64 = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    65_536n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n + 1n,
    2n ** 62n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 1n,
  ),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 10_000_000n }),
);

export const hostileUint32 = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
