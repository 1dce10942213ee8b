/** Some hundred nodes' connections in one program. Orders come over the IPC channel; when that closes, it ends. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { join } from '../../../agent/commands/join.ts';
import { systemClock } from '../../../common/clock.ts';
import { TurnpikeError } from '../../../common/errors.ts';
import { eventually } from '../../lab/eventually.ts';
import { Member } from './member.ts';
import type { Answer, Order, Ticket } from './protocol.ts';

/** Joining is not what is measured: as many at once as the machine likes. */
const joinTogether = 8;

const members: Member[] = [];

async function enlist({ enrolment, token, pin }: Ticket, stateDirectory: string): Promise<Member> {
  await mkdir(stateDirectory, { mode: 0o700 });
  const joining = { controller: enrolment, token, pin, stateDirectory, forceNew: false };
  // The controller lets so many join together, and the others wait.
  const joined = async () => {
    try {
      return await join(joining, systemClock);
    } catch (error) {
      if (error instanceof TurnpikeError && error.code === 'exhausted') return undefined;
      throw error;
    }
  };
  const { identity } = await eventually('the node joins', joined, { within: 240_000, every: 1000 });
  const member = new Member();
  member.serve(identity, randomBytes(32));
  return member;
}

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'join': {
      const { folder, tickets } = order;
      await mkdir(folder, { mode: 0o700 });
      const waiting = [...tickets.entries()];
      const recruit = async () => {
        for (let next = waiting.pop(); next; next = waiting.pop()) {
          members.push(await enlist(next[1], joinPath(folder, String(next[0]))));
        }
      };
      await Promise.all(Array.from({ length: joinTogether }, recruit));
      return answer({ kind: 'joined' });
    }
    case 'use':
      for (const member of members) member.use(order.deviceId, order.bytes);
      return;
    case 'look':
      return answer({ kind: 'seen', members: members.map((member) => member.seen()) });
  }
}

function answer(value: Answer): void {
  process.send?.(value);
}

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());
