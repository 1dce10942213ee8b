import type { Context } from '../books/context.ts';

const dayMs = 24 * 3600_000;

/** The hourly round takes it a little after its time. */
export function goneBy({ backups }: Pick<Context, 'backups'>, createdAt: number): number {
  return createdAt + backups.keepDays * dayMs;
}
