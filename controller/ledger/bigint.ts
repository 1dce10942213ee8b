// Math.min and Math.max take no bigint.

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function larger(a: bigint, b: bigint): bigint {
  return a < b ? b : a;
}

/** For sorting upwards. */
export function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}
