import fc from 'fast-check';
import type { FuzzTarget } from './target.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** Ends after so many runs or so many seconds, whichever is first. */
  readonly runs: number;
  readonly seconds: number;
  /** Of a finding: the one run that is to be repeated. */
  readonly path?: string | undefined;
}

export interface Outcome {
  readonly target: FuzzTarget;
  readonly runs: number;
  readonly milliseconds: number;
  readonly finding: Finding | undefined;
}

export interface Finding {
  /** The smallest input that was found to do it. */
  readonly input: string;
  readonly error: string;
  /** One line that does it again. */
  readonly replay: string;
}

/** Throws input at the target, until the first finding or the end of its time. */
export async function runTarget(target: FuzzTarget, options: FuzzOptions): Promise<Outcome> {
  const { seed, runs, seconds, path } = options;
  const start = performance.now();
  const { property, close } = await target.open();
  try {
    const details = await fc.check(property, {
      seed,
      numRuns: runs,
      ...(path !== undefined && { path }),
      interruptAfterTimeLimit: seconds * 1000,
      markInterruptAsFailure: false,
    });
    const { failed, counterexample, counterexamplePath, errorInstance, numRuns } = details;
    return {
      target,
      runs: numRuns,
      milliseconds: performance.now() - start,
      finding: failed
        ? {
            input: fc.stringify(counterexample).slice(0, 2000),
            error: describe(errorInstance),
            replay: `npm run fuzz -- --target ${target.name} --seed ${seed} --path ${counterexamplePath ?? ''}`,
          }
        : undefined,
    };
  } finally {
    await close();
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\n  because of ${error.cause.stack ?? error.cause}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
