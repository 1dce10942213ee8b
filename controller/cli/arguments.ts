import { InvalidArgumentError } from 'commander';

/** For commander: a whole number from 0. */
export function parseCount(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return readCount(text);
}

/** Of digits; what is too large for a number is left as too large, since the API knows the bounds and names them. */
export function readCount(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** For commander: `a,b` as a list; the empty text as none. */
export function parseList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
