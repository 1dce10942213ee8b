import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, TurnpikeError } from '../../common/errors.ts';
import { exitCodes } from '../../common/exit.ts';
import { InvalidRequest, problems, toProblem } from './problem.ts';

describe('problem documents', () => {
  it.each(Object.keys(exitCodes) as ErrorCode[])('has a type, a title and a status for %s', (code) => {
    const problem = toProblem(new TurnpikeError(code, 'what is wrong'));
    expect(problem.type).toBe(`urn:turnpike:problem:${code.replace('_', '-')}`);
    expect(problem.title).not.toBe('');
    expect(problem.status).toBeGreaterThanOrEqual(400);
    expect(problem.detail).toBe('what is wrong');
    expect(problem).not.toHaveProperty('remedy');
  });

  it('gives the remedy', () => {
    const error = new TurnpikeError('exhausted', 'no address is left', { remedy: 'remove devices' });
    expect(toProblem(error)).toMatchObject({ status: 409, remedy: 'remove devices' });
  });

  it('names the places in a request that does not fit', () => {
    const error = new InvalidRequest('body', [
      { pointer: '/inner/volumeByts', message: 'is not a known key' },
      { pointer: '', message: 'must be object' },
    ]);
    expect(toProblem(error)).toMatchObject({
      type: 'urn:turnpike:problem:invalid',
      detail: 'inner.volumeByts is not a known key',
      errors: [{ pointer: '/inner/volumeByts' }, { pointer: '' }],
    });
  });

  it('tells nothing of a foreign error', () => {
    const problem = toProblem(new Error('connect ECONNREFUSED 192.0.2.1'));
    expect(problem.status).toBe(500);
    expect(JSON.stringify(problem)).not.toContain('192.0.2.1');
  });

  it('are all described for those who program against them', () => {
    const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
    const described = [...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, name, status]) => [
      name,
      Number(status),
    ]);
    expect(Object.fromEntries(described)).toEqual(
      Object.fromEntries(Object.entries(problems).map(([name, { status }]) => [name, status])),
    );
  });
});
