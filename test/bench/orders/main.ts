// npm run bench -- orders [--orders 100 --customers 4 --seed N --only 7,12 --json FILE]: adjustments in random orders against
// traffic on two real nodes. The same seed gives the same orders.
import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { createLab } from '../../lab/lab.ts';
import { openShop } from '../../lab/shop.ts';
import { toolOptions } from '../../options.ts';
import { Customer, describeOrder, type Order, type Played, planOrders } from '../../scenarios/orders.ts';

const { values, whole, wholes } = toolOptions('npm run bench -- orders', {
  orders: { type: 'string', default: '100' },
  /** Who are adjusted at the same time; each takes one order after the other. */
  customers: { type: 'string', default: '4' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  /** Only these of the orders, by number. */
  only: { type: 'string' },
  json: { type: 'string' },
});
const seed = whole('seed', 0);
const customers = whole('customers');
const allowedMs = 1000;

const say = (line: string) => process.stderr.write(`${line}\n`);
const orders = planOrders(seed, whole('orders'));
const only = values.only === undefined ? undefined : wholes('only');
const chosen = orders
  .map((order, n) => ({ order, number: n + 1 }))
  .filter(({ number }) => only === undefined || only.includes(number));
const waiting = [...chosen];
const played: (Played & { readonly name: string; readonly order: Order })[] = [];
const wrong: string[] = [];

say(`${chosen.length} orders of adjustments, seed ${seed}`);
await using lab = await createLab({ nodes: 2, clients: 2 * customers });
await openShop(lab);

async function serve(number: number): Promise<void> {
  const customer = await Customer.make(lab, number);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const name = `order ${next.number}: ${describeOrder(next.order)}`;
    try {
      const outcome = await customer.play(next.order);
      played.push({ ...outcome, name, order: next.order });
      say(`${name}${outcome.backMs === undefined ? '' : `, back after ${outcome.backMs.toFixed(0)} ms`}`);
    } catch (error) {
      wrong.push(`${name}: ${(error as Error).message}`);
      say(`${name}: ${(error as Error).message}`);
      // What came after would be told wrong as well.
      return;
    }
  }
}

await Promise.all(Array.from({ length: customers }, (_, n) => serve(n + 1)));

const sorted = (times: readonly number[]) => [...times].sort((left, right) => left - right);
const back = sorted(played.flatMap(({ backMs, wasClosed }) => (wasClosed ? (backMs ?? []) : [])));
const at = (part: number) => back[Math.min(back.length - 1, Math.floor(back.length * part))] ?? Number.NaN;
const late = played.filter(({ backMs }) => (backMs ?? 0) > allowedMs);
const report = {
  seed,
  orders: chosen.length,
  exact: played.length,
  adjustments: played.reduce((sum, { order }) => sum + order.steps.length, 0),
  openAtLast: played.filter(({ open }) => open).length,
  openedAgain: back.length,
  backMs: { p50: at(0.5), p95: at(0.95), most: at(1) },
  later: late.length,
  wrong,
};
const table = new Table({ style: { head: [], border: [] } });
table.push(
  ['orders, of which books and access were right', `${report.orders}, ${report.exact}`],
  ['adjustments in them, beside the endings', report.adjustments],
  ['may pass at last', report.openAtLast],
  ['of these closed before the last call', report.openedAgain],
  [
    'all their flows back, p50 / p95 / most ms',
    [0.5, 0.95, 1].map((part) => at(part).toFixed(0)).join(' / '),
  ],
);
process.stdout.write(`${table.toString()}\n`);
for (const line of wrong) say(`wrong: ${line}; repeat with --seed ${seed}`);
for (const { name, backMs } of late) say(`later than ${allowedMs} ms: ${backMs?.toFixed(0)}, ${name}`);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
if (wrong.length + late.length > 0) process.stderr.write(lab.logs());
process.exitCode = wrong.length > 0 || late.length > 0 || played.length < chosen.length ? 1 : 0;
