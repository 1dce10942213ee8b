/** `2026-11-22`, of milliseconds since 1970: as days are stored of which no more is to be known. */
export function utcDayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
