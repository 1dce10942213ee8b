import { TurnpikeError } from '../../common/errors.ts';

/** Stands in recorded output where a client's address or a secret is; no error may repeat it. */
export const canaries = ['203.0.113.77', '6SxNaknKx+qrh2dDzZlrMm5Cf9VBJrUwXW9uHB5vkgQ='] as const;

/**
 * What `action` gives, or undefined where it refuses in our own words.
 * @throws where it fails in any other way, or its words repeat a canary
 */
export function refusedOrDone<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    checkRefusal(error);
    return undefined;
  }
}

export function checkRefusal(error: unknown): void {
  if (!(error instanceof TurnpikeError) || error.code === 'internal') {
    throw new Error(`failed in a way that is not foreseen: ${error}`, { cause: error });
  }
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const leak = canaries.find((canary) =>
      `${(at as Error).message} ${(at as Error).stack}`.includes(canary),
    );
    if (leak !== undefined) throw new Error(`the error repeats what it should not: ${leak}`);
  }
}

export function hold(rule: boolean, what: string): asserts rule {
  if (!rule) throw new Error(what);
}
