import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runProgram } from '../controller/turnpike.ts';
import { leaksIn } from './stand-ins.ts';

const crashing = fileURLToPath(new URL('./crashing.ts', import.meta.url));

it.each(['throws', 'rejects', 'rejects with words', 'parses', 'converts'])(
  'a program that %s ends with one line that says where, and nothing of what was thrown',
  async (how) => {
    const { code, out, err } = await runProgram(crashing, [how]);
    expect(code).toBe(70);
    expect(leaksIn(err)).toEqual([]);
    expect(err).toMatch(/^turnpike-test: a mistake of ours: .*$/);
    if (how !== 'rejects with words') expect(err).toContain('crashing.ts');
    // What it starts inherits that no core is dumped.
    expect(out).toMatch(/^Max core file size +0 +0 /m);
    expect(out).toMatch(/^00000000$/m);
  },
);
