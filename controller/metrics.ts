import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { SteadyClock } from '../common/steady-clock.ts';
import type { Books, BooksFigures } from './books/books.ts';
import type { FleetStatus } from './catalogue/views.ts';
import type { SouthState } from './south/state.ts';

/**
 * What the controller shows to Prometheus. Figures are taken when they are asked for; nothing is labelled with a
 * customer or a device.
 */
export function createRegistry(
  books: Pick<Books, 'catalogue' | 'figures'>,
  south: SouthState,
  clock: Pick<SteadyClock, 'steps'>,
  version: string,
): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'turnpike_build_info',
    help: 'Always 1; the label says which version runs.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  addFleetGauges(registry, books);
  addBookCounters(registry, books);
  addForgotten(registry, books);
  addNodeSide(registry, south);
  addCounter(
    registry,
    'turnpike_clock_steps_total',
    'Steps of the wall clock, by which nothing was moved: times go on as they were at the start.',
    () => clock.steps,
  );
  return registry;
}

function addFleetGauges(registry: Registry, { catalogue }: Pick<Books, 'catalogue'>): void {
  // All gauges are collected at once: the first one asks the books, the others wait for the same answer.
  let asked: Promise<FleetStatus> | undefined;
  const ask = () => {
    asked ??= catalogue.getStatus().finally(() => {
      asked = undefined;
    });
    return asked;
  };
  const gauge = (name: string, help: string, read: (status: FleetStatus) => number) =>
    new Gauge({
      name: `turnpike_${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set(read(await ask()));
      },
    });
  gauge('accounts', 'Accounts.', (status) => status.accounts);
  gauge('subscriptions', 'Subscriptions.', (status) => status.subscriptions);
  gauge('devices', 'Devices that are not removed.', (status) => status.devices);
  gauge('devices_connected', 'Devices with a handshake younger than 180 s.', (now) => now.connectedDevices);
  gauge(
    'addresses_free',
    'Devices that can be added before the range is used up.',
    (now) => now.addressesFree,
  );
  gauge(
    'held',
    '1: after a restore, nodes keep what they have until an operator releases that.',
    ({ heldAt }) => Number(heldAt !== null),
  );
  gauge('nodes', 'Nodes.', ({ nodes }) => nodes.length);
  gauge(
    'nodes_connected',
    'Nodes whose stream to the controller is up.',
    ({ nodes }) => nodes.filter(({ connected }) => connected).length,
  );
}

function addBookCounters(registry: Registry, { figures }: Pick<Books, 'figures'>): void {
  const count = (name: string, help: string, read: (figures: BooksFigures) => number | bigint) =>
    addCounter(registry, `turnpike_${name}_total`, help, () => Number(read(figures())));
  count('settled_bytes', 'Bytes reported by nodes and booked.', ({ bookedBytes }) => bookedBytes);
  count('granted_bytes', 'Bytes granted to nodes.', ({ grantedBytes }) => grantedBytes);
  count('grants', 'Grants issued to nodes.', ({ grantsIssued }) => grantsIssued);
  count('recalls', 'Grants recalled from nodes.', ({ recalls }) => recalls);
  count('reports_booked', 'Usage reports booked.', ({ reportsBooked }) => reportsBooked);
  count('reports_repeated', 'Usage reports that were booked already.', (now) => now.reportsRepeated);
  count(
    'report_strange_entries',
    'Entries of reports that named what that node does not serve, or more than can have passed.',
    ({ strangeEntries }) => strangeEntries,
  );
  count('quarantines', 'Node identities quarantined: cloned or rolled back.', (now) => now.quarantines);
}

function addForgotten(registry: Registry, { figures }: Pick<Books, 'figures'>): void {
  new Counter({
    name: 'turnpike_retention_forgotten_total',
    help: 'Fields and entries that were kept for their time and then forgotten, by category.',
    labelNames: ['category'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [category, count] of Object.entries(figures().forgotten)) this.inc({ category }, count);
    },
  });
}

function addNodeSide(registry: Registry, south: SouthState): void {
  const { counters } = south;
  const count = (name: string, help: string, read: () => number) =>
    addCounter(registry, `turnpike_${name}_total`, help, read);
  count('reports_refused', 'Usage reports refused.', () => counters.reportsRefused);
  count('enrolments_accepted', 'Join tokens redeemed.', () => counters.enrolmentsAccepted);
  count('enrolments_refused', 'Enrolments refused.', () => counters.enrolmentsRefused);
  count('certificates_renewed', "Nodes' certificates renewed.", () => counters.certificatesRenewed);
  count('streams_refused', 'Streams refused for want of a valid identity.', () => counters.streamsRefused);
  new Gauge({
    name: 'turnpike_streams',
    help: "Nodes' open streams, by kind.",
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      this.set({ kind: 'sync' }, south.streams.sync);
      this.set({ kind: 'usage' }, south.streams.usage);
    },
  });
}

/** Prometheus copes with a counter that starts again at zero with the process. */
function addCounter(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}
