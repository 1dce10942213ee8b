/** Whoever wishes the controller ill, in one program. Orders come over the IPC channel; when that closes, it ends. */
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import { enlistAll } from '../crew/enlist.ts';
import { attacks } from './attacks.ts';
import type { Answer, Order } from './protocol.ts';
import { Siege } from './siege.ts';

let identities: readonly AgentIdentity[] = [];
let siege = new Siege();

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'join':
      identities = await enlistAll(order.tickets, order.folder);
      return answer({ kind: 'joined' });
    case 'begin': {
      siege = new Siege();
      const { begin } = attacks.find(({ name }) => name === order.attack) ?? {};
      begin?.(siege, order.field, identities);
      return;
    }
    case 'end':
      await siege.end();
      return answer({ kind: 'ended', did: siege.did });
  }
}

function answer(value: Answer): void {
  process.send?.(value);
}

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit());
