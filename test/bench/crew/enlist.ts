import { mkdir } from 'node:fs/promises';
import { type JoinOptions, join } from '../../../agent/commands/join.ts';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import { systemClock } from '../../../common/clock.ts';
import { TurnpikeError } from '../../../common/errors.ts';
import { eventually } from '../../lab/eventually.ts';
import type { Ticket } from './protocol.ts';

/** Joins as an agent does, and waits where too many do so at once. */
export async function enlist({ enrolment, token, pin }: Ticket, directory: string): Promise<AgentIdentity> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const joining = { controller: enrolment, token, pin, stateDirectory: directory, forceNew: false };
  const { identity } = await joinPatiently(joining, { within: 240_000, every: 1000 });
  return identity;
}

/** The controller lets so many join together, and one address that joins many do so slowly; the others wait. */
export function joinPatiently(
  joining: JoinOptions,
  waits: { readonly within: number; readonly every: number },
) {
  const joined = async () => {
    try {
      return await join(joining, systemClock);
    } catch (error) {
      if (error instanceof TurnpikeError && error.code === 'exhausted') return undefined;
      throw error;
    }
  };
  return eventually('the node joins', joined, waits);
}

/** Joining is not what is measured: as many at once as the machine likes. */
const together = 8;

/** The identities, as the tickets are, each with a folder of its own. */
export async function enlistAll(tickets: readonly Ticket[], folder: string): Promise<AgentIdentity[]> {
  const identities: AgentIdentity[] = [];
  const waiting = [...tickets.entries()];
  const recruit = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [number, ticket] = next;
      identities[number] = await enlist(ticket, `${folder}/${number}`);
    }
  };
  await Promise.all(Array.from({ length: together }, recruit));
  return identities;
}
