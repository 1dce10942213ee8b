import { spawnSync } from 'node:child_process';

export interface Outcome {
  readonly kind: 'green' | 'red' | 'skipped';
  /** One line. */
  readonly said: string;
}

/** A program of others that speaks with ours. */
export interface Foreign {
  readonly name: string;
  /** The rule, as a line for people. */
  readonly holds: string;
  /** What has to be installed first. */
  missing(): string | undefined;
  run(): Promise<Outcome>;
}

/** Whether a program can be run and ends well. */
export function works(program: string, ...parameters: string[]): boolean {
  return spawnSync(program, parameters, { stdio: 'ignore' }).status === 0;
}
