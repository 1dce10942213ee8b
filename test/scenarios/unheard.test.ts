import { expect, test } from 'vitest';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import { openShop, Sale, type SoldDevice } from '../lab/shop.ts';

/** Packets in the hands of a WireGuard program that is killed: no more than a few at this pace. */
const pace = 200_000;
const inFlight = 8_000n;

async function sell(lab: Lab): Promise<Sale> {
  await openShop(lab);
  return Sale.make(lab, 100_000_000n, 1);
}

/** Both families. */
async function downloads(lab: Lab): Promise<void> {
  for (const family of [4, 6] as const) {
    const plan = { client: 1, node: 1, family, direction: 'down', bitsPerSecond: pace } as const;
    (await lab.traffic.open(plan)).send();
  }
}

/** A download that nobody asked for: from the node itself, as no other can reach the tunnel address. */
async function ping(lab: Lab, { address4 }: SoldDevice): Promise<boolean> {
  const { exitCode } = await lab.node(1).host.tryRun(['ping', '-c', '3', '-i', '0.1', '-W', '1', address4]);
  return exitCode === 0;
}

// Each in a lab of its own, mostly waiting for handshakes.
test.concurrent('what comes for a device that never connected is not billed; after its handshake it passes', async ({
  onTestFailed,
}) => {
  await using lab = await labForTest({ nodes: 1, clients: 1 }, onTestFailed);
  const sale = await sell(lab);
  await lab.node(1).hasPeer(sale.device(1).publicKey);
  expect(await ping(lab, sale.device(1))).toBe(false);
  await sale.connect(1, 1);
  await lab.client(1).shakenHands();
  expect(await sale.billed()).toBe(0n);
  // It has sent nothing but WireGuard's own messages.
  await eventually('a download passes', () => ping(lab, sale.device(1)), { within: 5000, every: 100 });
});

test.concurrent('what comes for a device between its new key and its next handshake is not billed', async ({
  onTestFailed,
}) => {
  await using lab = await labForTest({ nodes: 1, clients: 1 }, onTestFailed);
  const sale = await sell(lab);
  await sale.connect(1, 1);
  await downloads(lab);
  await lab.traffic.passed(50_000n);

  const { device, privateKey } = await lab.controller.cli.json<{ device: SoldDevice; privateKey: string }>(
    ...['device', 'rekey', sale.device(1).id],
  );
  await lab.node(1).hasPeer(device.publicKey);
  const closedAt = await lab.traffic.settled(1500);
  await sale.billedBetween(closedAt, closedAt + inFlight);

  await sale.connect(1, 1, { ...device, privateKey });
  await lab.traffic.passed(closedAt + 50_000n);
});

test.concurrent('what comes for devices while a killed WireGuard knows none of them is not billed', async ({
  onTestFailed,
}) => {
  await using lab = await labForTest({ nodes: 1, clients: 1 }, onTestFailed);
  const sale = await sell(lab);
  await sale.connect(1, 1);
  await downloads(lab);
  await lab.traffic.passed(50_000n);

  await lab.node(1).signalWireguard('SIGKILL');
  const killedAt = await lab.traffic.settled(500);
  await lab.node(1).isMade();
  // A client finds out, when it has something to send, that nobody answers: after 15 seconds.
  const [flow] = await lab.traffic.readings();
  flow?.flow.knock();
  await lab.traffic.passed(killedAt + 100_000n);

  lab.traffic.restAll();
  const received = await lab.traffic.settled(1000);
  await sale.billedBetween(received, received + inFlight);
});
