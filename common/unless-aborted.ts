/**
 * What comes, or undefined once the signal aborts. Not a race with one promise that stands for the signal: that would
 * keep whatever came before until the signal, and it may never come.
 */
export function unlessAborted<Value>(
  coming: Promise<Value>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Value | undefined>();
  const stop = () => resolve(undefined);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  coming.then(resolve, reject);
  return promise.finally(() => signal.removeEventListener('abort', stop));
}
