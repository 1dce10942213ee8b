/** `2026-11-22 12:00 UTC` */
export function showTime(at: number, unit: 'minute' | 'second' = 'minute'): string {
  return `${new Date(at)
    .toISOString()
    .slice(0, unit === 'minute' ? 16 : 19)
    .replace('T', ' ')} UTC`;
}
