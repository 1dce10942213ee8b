import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { createProgram, runProgram } from './program.ts';

async function turnpike(...argv: string[]) {
  let out = '';
  let err = '';
  const terminal = {
    env: {},
    write: (text: string) => {
      out += text;
    },
    openInput: async () => ({ bytes: Readable.from([]), size: 0 }),
    showProgress: undefined,
    drained: async () => undefined,
    readText: async () => '',
    untilInterrupted: () => new AbortController().signal,
  };
  const code = await runProgram(createProgram(terminal), argv, (line) => {
    err += line;
  });
  return { code, out, err };
}

it.each([
  ['account remove acme', 'account suspend'],
  ['account delete acme --force', 'account suspend'],
  ['subscription remove sub_1', 'subscription suspend'],
  ['group remove far', 'node set'],
])('"turnpike %s" says why not, and what to do', async (line, remedy) => {
  const { code, err } = await turnpike(...line.split(' '));
  expect(code).not.toBe(0);
  expect(err).toMatch(/^turnpike: \w+s are kept: .+\n$/);
  expect(err).toContain(remedy);
});

it('what is refused is not in the help', async () => {
  expect((await turnpike('account', '--help')).out).not.toMatch(/remove|delete/);
});

it('says its version', async () => {
  expect(await turnpike('--version')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
});
