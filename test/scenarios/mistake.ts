import { expect } from 'vitest';
import type { RunResult } from '../lab/run.ts';

/** A mistake is answered by one line on standard error that a person can act upon, and by an exit code. */
export function expectMistake(result: Pick<RunResult, 'exitCode' | 'stderr'>, says: RegExp): void {
  expect(result.stderr).toMatch(says);
  expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(result.stderr).not.toMatch(/ {4}at |node:internal/);
  expect(result.exitCode).toBeGreaterThan(0);
}
