/**
 * A term is the time between two restores of the controller's database. Its number is the upper part of every revision
 * that is assigned in it, so that what was assigned before a backup was taken, and what was assigned after it and is
 * forgotten now, are both older than whatever the restored controller says.
 */
const termBits = 40n;

export function termOf(revision: bigint): number {
  return Number(revision >> termBits);
}

/** Below every revision of this term, and above those of all terms before it. */
export function termBegins(term: number): bigint {
  return BigInt(term) << termBits;
}
