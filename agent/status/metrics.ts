import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Journal } from '../journal/journal.ts';
import type { Memory } from '../reconcile/memory.ts';
import type { Telemetry } from '../reconcile/telemetry.ts';
import type { ConnectionState } from '../south/connection.ts';
import { sumTotals } from './status.ts';

export interface MetricsParts {
  readonly journal: Journal;
  readonly memory: Memory;
  readonly telemetry: Telemetry;
  readonly controllerState: () => ConnectionState;
  readonly connectedDevices: () => number;
  /** Packets that WireGuard's interface has dropped since it was made. */
  readonly droppedPackets: () => number;
  readonly version: string;
}

/** What the agent shows to Prometheus. Nothing is labelled with a customer, a device or an address. */
export function createRegistry(parts: MetricsParts): Registry {
  const { journal, memory, telemetry } = parts;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'turnpike_build_info',
    help: 'Always 1; the label says which version runs.',
    labelNames: ['version'],
    registers,
  }).set({ version: parts.version }, 1);

  addAccepted(registry, journal);
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name: `turnpike_agent_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `turnpike_agent_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  counter('written_off_bytes', 'Granted bytes that were lost with the counters.', () =>
    Number(sumTotals(journal.state).writtenOff),
  );
  counter('epochs', 'Lives of the counters in the kernel.', () => journal.state.epochs);
  counter(
    'drift_repaired',
    'Things found otherwise than they should be, and mended.',
    () => telemetry.driftRepaired,
  );
  counter(
    'interface_dropped_packets',
    'Packets that the gate let through and the interface of WireGuard had no room for: billed, and not delivered.',
    parts.droppedPackets,
  );
  counter('reconcile_failures', 'Rounds that failed.', () => telemetry.failures);
  counter('readings', 'Readings of the counters.', () => telemetry.readings);
  gauge('devices', 'Devices that are desired.', () => journal.state.devices.size);
  gauge('devices_gated', 'Devices with elements in the gate.', () => memory.gate.devices.size);
  gauge('devices_refused', 'Devices that could not be put in force.', () => memory.refused.size);
  gauge('devices_connected', 'Devices with a handshake younger than 180 s.', parts.connectedDevices);
  gauge('peers', 'Peers in WireGuard.', () => memory.peers.size);
  gauge('quotas', 'Subscriptions with a quota object: those that are active.', () => memory.gate.quotas.size);
  gauge('in_force', '1 when all that is desired is in force.', () => Number(telemetry.inForce));
  gauge('controller_connected', '1 while the controller is connected.', () =>
    Number(parts.controllerState() === 'connected'),
  );
  gauge('journal_reports', 'Reports that wait for the controller.', () =>
    Number(journal.state.report !== undefined),
  );
  gauge(
    'reading_seconds',
    'How long the last reading of the counters took.',
    () => telemetry.lastReadingMs / 1000,
  );
  const rounds = new Histogram({
    name: 'turnpike_agent_reconcile_seconds',
    help: 'How long rounds of the loop take.',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  telemetry.onRound = (seconds) => rounds.observe(seconds);
  return registry;
}

function addAccepted(registry: Registry, journal: Journal): void {
  new Counter({
    name: 'turnpike_agent_accepted_bytes_total',
    help: 'Bytes of inner IP packets that the gate accepted, over the life of this incarnation of the node.',
    labelNames: ['direction'],
    registers: [registry],
    collect() {
      const { upload, download } = sumTotals(journal.state);
      this.reset();
      this.inc({ direction: 'upload' }, Number(upload));
      this.inc({ direction: 'download' }, Number(download));
    },
  });
}
