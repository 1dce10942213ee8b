/** Some hundred nodes' connections in one program. Orders come over the IPC channel; when that closes, it ends. */
import { randomBytes } from 'node:crypto';
import { enlistAll } from './enlist.ts';
import { Member } from './member.ts';
import type { Answer, Order } from './protocol.ts';

const members: Member[] = [];

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'join':
      for (const identity of await enlistAll(order.tickets, order.folder)) {
        const member = new Member();
        member.serve(identity, randomBytes(32));
        members.push(member);
      }
      return answer({ kind: 'joined' });
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
