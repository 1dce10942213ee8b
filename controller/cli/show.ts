import { formatSize } from '../../common/bytes.ts';
import type { Access } from './gen/api.ts';

/** Bytes as people read them. Decimal units, rounded down; `--json` has the exact figure. */
export function showBytes(bytes: string): string {
  return formatSize(BigInt(bytes));
}

export function showVolume(bytes: string | null): string {
  return bytes === null ? 'unlimited' : showBytes(bytes);
}

/** `open`, `closed: volume`, `open (would be closed: volume)`. */
export function showAccess(access: Access): string {
  const codes = (reasons: Access['reasons']) => reasons.map(({ code }) => code).join(', ');
  if (access.state === 'closed') return `closed: ${codes(access.reasons)}`;
  return access.wouldClose.length === 0 ? 'open' : `open (would be closed: ${codes(access.wouldClose)})`;
}

export function showFlag(flag: boolean): string {
  return flag ? 'yes' : 'no';
}

/** JSON itself escapes the first control characters only; terminals obey others too. What it says stays the same. */
export function showJson(value: unknown, indent?: number): string {
  const escaped = (one: string) =>
    one.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return JSON.stringify(value, null, indent).replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) =>
    escaped(one).join(''),
  );
}

/** To the minute, UTC. */
export function showTime(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`;
}

/** In the largest unit that is exact: `3 days`, `36 hours`, `90 seconds`. */
export function showSeconds(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const;
  const [unit, length] = units.find(([, size]) => seconds % size === 0) ?? (['second', 1] as const);
  const count = seconds / length;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** Of an answer to a removal: what may still bring it back. */
export function renderNotCovered({ notCovered }: { readonly notCovered: readonly string[] }): string[] {
  return notCovered.map((what) => `not covered: ${what}`);
}
