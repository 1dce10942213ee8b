/** JSON for columns that nothing searches; bigints as strings of digits with an "n". */
export function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));
}

/** What {@link stringify} wrote. No string that we write looks like a bigint. */
export function parse<Value>(text: string): Value {
  return JSON.parse(text, (_key, each: unknown) =>
    typeof each === 'string' && /^\d+n$/.test(each) ? BigInt(each.slice(0, -1)) : each,
  ) as Value;
}
