import { describe, expect, it, vi } from 'vitest';
import { newFigures } from './books/figures.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { FleetStatus, Node } from './catalogue/views.ts';
import { createRegistry } from './metrics.ts';
import { SouthState } from './south/state.ts';

const status: FleetStatus = {
  revision: 7n,
  enforcement: 'enforce',
  range4: '10.64.0.0/16',
  range6: 'fd74::/64',
  accounts: 1,
  subscriptions: 2,
  devices: 3,
  connectedDevices: 2,
  addressesFree: 65_000,
  awaitedNodes: [],
  keysToRotate: [],
  heldAt: null,
  nodes: [{ connected: true } as Node, { connected: false } as Node],
};

function setUp() {
  const getStatus = vi.fn(async () => status);
  const figures = newFigures();
  const south = new SouthState();
  const books = { catalogue: { getStatus } as Partial<Catalogue> as Catalogue, figures: () => figures };
  return { registry: createRegistry(books, south, { steps: 3 }, '1.2.3'), getStatus, figures, south };
}

describe('metrics of the controller', () => {
  it('show the fleet, and ask the books once for all of it', async () => {
    const { registry, getStatus } = setUp();
    const text = await registry.metrics();
    expect(text).toMatch(/^turnpike_nodes 2$/m);
    expect(text).toMatch(/^turnpike_nodes_connected 1$/m);
    expect(text).toMatch(/^turnpike_clock_steps_total 3$/m);
    expect(text).toMatch(/^turnpike_devices_connected 2$/m);
    expect(getStatus).toHaveBeenCalledTimes(1);
    await registry.metrics();
    expect(getStatus).toHaveBeenCalledTimes(2);
  });

  it('follow the books and the streams', async () => {
    const { registry, figures, south } = setUp();
    figures.bookedBytes = 500n;
    south.counters.reportsRefused = 2;
    south.streams.sync = 4;
    await registry.metrics();
    figures.bookedBytes = 700n;
    const text = await registry.metrics();
    expect(text).toMatch(/^turnpike_settled_bytes_total 700$/m);
    expect(text).toMatch(/^turnpike_reports_refused_total 2$/m);
    expect(text).toMatch(/^turnpike_streams{kind="sync"} 4$/m);
  });

  it('tell the version and how the process does', async () => {
    const text = await setUp().registry.metrics();
    expect(text).toContain('turnpike_build_info{version="1.2.3"} 1');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('keep to Prometheus: counters end in _total, every name has a help text', async () => {
    const { registry } = setUp();
    for (const metric of await registry.getMetricsAsJSON()) {
      if (!metric.name.startsWith('turnpike_')) continue;
      expect(metric.help).not.toBe('');
      expect(metric.name.endsWith('_total')).toBe(String(metric.type) === 'counter');
    }
  });
});
