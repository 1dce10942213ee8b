/** So many attempts at most: a tool that refuses everything is not asked 10,000 times. */
const mostAttempts = 200;

/**
 * Does something to many items, where one that is refused fails the whole. Halves what fails, until the ones that are
 * refused stand alone. Returns those. When not one works it is rather the tool that fails, and the last error is thrown;
 * unless the caller is `certain` that the tool works.
 */
export async function bisect<Item>(
  items: readonly Item[],
  attempt: (items: readonly Item[]) => Promise<void>,
  certain: boolean,
): Promise<Item[]> {
  const refused: Item[] = [];
  const pending: (readonly Item[])[] = [items];
  let attempts = 0;
  let worked = 0;
  let lastError: unknown;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part.length === 0) continue;
    attempts += 1;
    if (attempts > mostAttempts) throw lastError;
    try {
      await attempt(part);
      worked += 1;
    } catch (error) {
      lastError = error;
      if (part.length === 1) {
        refused.push(...part);
        continue;
      }
      const middle = part.length >> 1;
      pending.push(part.slice(middle), part.slice(0, middle));
    }
  }
  if (worked === 0 && !certain && lastError !== undefined) throw lastError;
  return refused;
}
