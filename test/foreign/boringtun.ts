import { createLab } from '../lab/lab.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { type Foreign, works } from './foreign.ts';

/** WireGuard as somebody else wrote it, as a customer's device. */
export const boringtun: Foreign = {
  name: 'boringtun',
  holds: 'a device with another WireGuard passes what it was sold, and is billed to the byte',
  missing: () => {
    if (process.getuid?.() !== 0) return 'root';
    return works('boringtun-cli', '--version') ? undefined : 'boringtun-cli (crates.io)';
  },
  run: async () => {
    await using lab = await createLab({ nodes: 1, clients: 1 });
    lab.client(1).wireguard = ['boringtun-cli', '--foreground', '--disable-drop-privileges'];
    await openShop(lab);
    const sale = await Sale.make(lab, 20_000_000n, 1);
    await sale.connect(1, 1);
    await lab.traffic.openAll(1, 1, 5_000_000);
    lab.traffic.sendAll();
    await lab.traffic.passed(2_000_000n);
    lab.traffic.restAll();
    const accepted = await lab.traffic.settled(1000);
    await sale.billedBetween(accepted, accepted, 30_000);
    return { kind: 'green', said: `${accepted} bytes passed and were billed` };
  },
};
