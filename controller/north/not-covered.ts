import type { FastifyRequest } from 'fastify';
import { type BackupsAtMachine, removalPending } from '../backup/backups.ts';

/**
 * The answer to a removal: with what a backup may still bring back, which is told once the list of removals is on the disk. That
 * is after the commit; whoever asks again in between hears that it is pending.
 */
export function sayNotCovered<Body extends object>(
  request: FastifyRequest,
  backups: Pick<BackupsAtMachine, 'keepRemovals'>,
  body: Body,
): Body & { notCovered: string[] } {
  request.afterwards = async () => ({ ...body, notCovered: await backups.keepRemovals() });
  return { ...body, notCovered: [removalPending] };
}
