import { eventually, settled } from '../lab/eventually.ts';
import { machineMilliseconds } from '../lab/traffic/protocol.ts';
import type { FlowReading } from '../lab/traffic/traffic.ts';
import type { Bill, Customer } from './customer.ts';
import type { RoundPlan } from './draw.ts';
import { type FaultName, faults } from './faults.ts';
import { accepted, type CustomerFigures, type RoundFigures, sum } from './figures.ts';
import type { Stage } from './stage.ts';

/** How often the figures are asked for that tell whether a round is over. */
const lookMs = 150;
/** A report whose answer does not come is sent again after 30 s. */
const bookedWithinMs = 45_000;
/** Usage is reported every 5 s; somewhat more, for a busy machine. */
const reportIntervalMs = 7000;

/**
 * One round: traffic, a fault in the middle of it, and then everything comes to rest: the customer who runs dry has run
 * dry, and the bills say all there is to say.
 */
export async function runRound(stage: Stage, plan: RoundPlan<FaultName>): Promise<RoundFigures> {
  const { lab, steady, dry, intruder } = stage;
  const { traffic } = lab;
  const fault = faults[plan.fault];
  const customers = [steady, dry];
  await stage.witness();
  const before = await Promise.all(customers.map((customer) => stand(customer)));
  const [start, intrudedBefore] = await Promise.all([traffic.accepted(), intruder.arrived()]);
  await dry.topUp(plan.topUpBytes, `round-${plan.number}`);

  traffic.sendAll();
  await passes(stage);
  traffic.mark();
  await traffic.passed(start + plan.afterBytes);
  const heldMs = await fault.strike(stage, plan);
  await passes(stage, fault.recoversWithinMs + 3000);
  const silentMs = Math.max(...(await flowsOf(stage)).map(({ longestSilenceMs }) => longestSilenceMs));
  await ranDry(stage, plan);
  traffic.restAll();
  await traffic.settled();

  const figures = async () => {
    const [after, testimony] = await Promise.all([
      Promise.all(customers.map((customer) => stand(customer))),
      stage.testimony(),
    ]);
    return customers.map((customer, index): CustomerFigures => {
      const [then, now] = [before[index], after[index]];
      if (!then || !now) throw new Error('a customer is missing');
      return {
        name: customer.name,
        arrived: now.arrived - then.arrived,
        gates: testimony?.get(customer.name),
        billed: now.billed - then.billed,
        writtenOff: now.writtenOff - then.writtenOff,
        sold: customer.sold,
        arrivedInAll: now.arrived,
        left: customer.sold - now.billed - now.writtenOff,
        writeOffBound: writeOffBound(customer),
        runsDry: customer === dry,
      };
    });
  };
  let last = await figures();
  const booked = async () => {
    last = await figures();
    return last.every((one) => one.billed + one.writtenOff >= accepted(one, fault));
  };
  const restedAt = machineMilliseconds();
  // Whatever the books say when they do not come right in time is judged, not thrown.
  await eventually('the books are complete', booked, { within: bookedWithinMs, every: lookMs }).catch(
    () => undefined,
  );
  const bookedMs = machineMilliseconds() - restedAt;
  // What is written off may cover what is still to be billed: that is told within the interval of reports.
  if (fault.counters === 'destroyed') {
    const bills = async () => (await figures()).map(({ billed }) => billed);
    await settled('the bills', bills, { quietMs: reportIntervalMs, within: bookedWithinMs, every: lookMs });
    last = await figures();
  }
  return {
    customers: last,
    intruded: (await intruder.arrived()) - intrudedBefore,
    silentMs,
    heldMs,
    bookedMs,
  };
}

async function stand(customer: Customer): Promise<Bill & { arrived: bigint }> {
  return { ...(await customer.bill()), arrived: await customer.arrived() };
}

async function flowsOf({ lab, steady }: Stage): Promise<readonly FlowReading[]> {
  return (await lab.traffic.readings()).filter(({ flow }) => steady.flows.includes(flow));
}

/** Waits until every flow of the customer who has plenty flows from now on. */
async function passes(stage: Stage, within = 10_000): Promise<void> {
  const before = await flowsOf(stage);
  const flow = async () => {
    openWayBack(stage);
    return (await flowsOf(stage)).every(
      ({ receivedDatagrams }, index) => receivedDatagrams > (before[index]?.receivedDatagrams ?? 0) + 3,
    );
  };
  await eventually('traffic flows again', flow, { within, every: 25 });
}

/** Waits until of the volume that ends nothing is left that a packet could use; if that does not come, it is judged. */
async function ranDry(stage: Stage, { topUpBytes }: RoundPlan): Promise<void> {
  const { dry } = stage;
  const gone = async () => {
    openWayBack(stage);
    const { billed, writtenOff } = await dry.bill();
    return dry.sold - billed - writtenOff < topUpBytes / 100n;
  };
  await eventually('the volume is used up', gone, { within: 20_000, every: lookMs }).catch(() => undefined);
}

/** Address translation forgets a way back that nothing took for a while. */
function openWayBack({ steady, dry }: Stage): void {
  for (const flow of [...steady.flows, ...dry.flows]) if (flow.plan.direction === 'down') flow.knock();
}

/** What docs/architecture.md says of a subscription that was active on one node: twice two minutes, at least 1 MiB. */
function writeOffBound({ flows }: Customer): bigint {
  const bytesPerSecond = flows
    .filter(({ plan }) => plan.node === 1)
    .map(({ plan }) => BigInt(Math.ceil((plan.bitsPerSecond ?? 0) / 8)));
  const twoMinutes = 120n * sum(bytesPerSecond);
  return 2n * (twoMinutes > 1n << 20n ? twoMinutes : 1n << 20n);
}
