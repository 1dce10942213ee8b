import { dayMs } from '../../common/day.ts';
import type { Context } from '../books/context.ts';

/** The hourly round takes it a little after its time. */
export function goneBy({ backups }: Pick<Context, 'backups'>, createdAt: number): number {
  return createdAt + backups.keepDays * dayMs;
}
