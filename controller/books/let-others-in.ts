import { setImmediate } from 'node:timers/promises';

/**
 * For long work that is done in pieces, each in a transaction of its own: between two of them. SQLite answers at once, so that
 * without this nobody else's request would even be read until the end.
 */
export function letOthersIn(): Promise<void> {
  return setImmediate();
}
