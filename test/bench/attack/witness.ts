/** Somebody who asks at each door of the controller, in one program. Orders come over the IPC channel; when that closes, it ends. */
import { Prober } from './prober.ts';
import type { Testimony, WitnessOrder } from './protocol.ts';

const probers: Prober[] = [];

function obey(order: WitnessOrder): void {
  switch (order.kind) {
    case 'watch':
      for (const { name, options } of order.doors) probers.push(new Prober(name, options));
      return;
    case 'tell': {
      const answers = Object.fromEntries(probers.map((prober) => [prober.name, prober.take()]));
      process.send?.({ answers } satisfies Testimony);
    }
  }
}

process.on('message', obey);
process.on('disconnect', () => process.exit());
