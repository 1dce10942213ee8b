/** The first and the last period that is named; of nothing, none. */
export function spanOf(entries: readonly { readonly period: number }[]): [first: number, last: number] {
  let [first, last] = [Number.MAX_SAFE_INTEGER, 0];
  for (const { period } of entries) {
    first = Math.min(first, period);
    last = Math.max(last, period);
  }
  return [first, last];
}
