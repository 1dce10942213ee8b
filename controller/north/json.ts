/** Fields that hold a time, by their names: `createdAt`, `at`, `since`. */
type TimeKey = `${string}At` | 'at' | 'since';

/** How a view looks in JSON: bytes and other bigints are strings of digits, times RFC 3339. */
export type Json<Value> = Value extends bigint
  ? string
  : Value extends readonly (infer Item)[]
    ? Json<Item>[]
    : Value extends object
      ? { -readonly [Key in keyof Value]: Key extends TimeKey ? JsonTime<Value[Key]> : Json<Value[Key]> }
      : Value;

type JsonTime<Value> = Value extends number | bigint ? string : Value;

export function toJson<Value>(value: Value): Json<Value> {
  return convert(value) as Json<Value>;
}

function convert(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      isTimeKey(key) && isTime(inner) ? new Date(Number(inner)).toISOString() : convert(inner),
    ]),
  );
}

/** Milliseconds since 1970; aggregates of SQL give them as bigints. */
function isTime(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isTimeKey(key: string): key is TimeKey {
  return key.endsWith('At') || key === 'at' || key === 'since';
}
