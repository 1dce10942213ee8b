import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { FakeGate } from '../gate/fake.ts';
import type { GateReading } from '../gate/model.ts';
import type { Host } from '../host/host.ts';
import { journalFile, openJournal } from '../journal/journal.ts';
import { statusSocketPath, statusTask } from '../status/socket.ts';
import type { AgentStatus } from '../status/status.ts';
import { down, openLastJournal } from './down.ts';

const frame = {
  interfaceName: 'wg0',
  range4: '10.64.0.0/16',
  range6: 'fd00::/64',
  address4: '10.64.0.1',
  address6: 'fd00::1',
  ipv6: true,
  mtu: 1420,
};
const device = { address4: '10.64.0.2', address6: 'fd00::2', pass: { kind: 'unlimited' } } as const;

async function running() {
  const gate = new FakeGate(systemClock);
  await gate.create(frame);
  const model = { devices: new Map([['dev', device]]), quotas: new Map(), limits: new Map() };
  await gate.apply({ devices: new Map(), quotas: new Map(), limits: new Map() }, model, 60);
  // While the interface is there, packets come: also at the last moment.
  const remove = vi.fn(async () => {
    gate.carry('upload', device.address4, 1000n);
    return ['delete the interface wg0'];
  });
  const host = { remove } as unknown as Host;
  return { gate, host };
}

describe('down', () => {
  it('books what passed until the interface was gone, then deletes the table', async () => {
    const { gate, host } = await running();
    const booked: GateReading[] = [];
    const lines = await down({ gate, host, book: async (reading) => void booked.push(reading) });
    expect(booked[0]?.counters.get(device.address4)).toEqual({ upload: 1000n, download: 0n });
    expect(await gate.epoch()).toBeUndefined();
    expect(lines).toEqual([
      'delete the interface wg0',
      'book the last counters',
      'delete the nftables table turnpike',
    ]);
  });

  it('keeps the counters when they cannot be booked', async () => {
    const { gate, host } = await running();
    const full = async () => {
      throw new Error('the disk is full');
    };
    await expect(down({ gate, host, book: full })).rejects.toThrow('the disk is full');
    expect((await gate.read())?.counters.get(device.address4)).toEqual({ upload: 1000n, download: 0n });
  });

  it('takes all down where there is no journal, too, and says what is not booked', async () => {
    const { gate, host } = await running();
    expect(await down({ gate, host })).toEqual([
      'delete the interface wg0',
      'leave the last counters unread: the journal is gone',
      'delete the nftables table turnpike',
    ]);
    expect(await gate.epoch()).toBeUndefined();
  });

  it('does nothing the second time', async () => {
    const gate = new FakeGate(systemClock);
    const host = { remove: async () => [] } as unknown as Host;
    const book = vi.fn();
    expect(await down({ gate, host, book })).toEqual([]);
    expect(book).not.toHaveBeenCalled();
  });
});

describe('the journal for the last counters', () => {
  const owner = { nodeId: 'nod_0000000000000001', incarnation: 1 };
  const begun = { ...owner, journalBegun: true };
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'turnpike-down-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is the one that is there, unless an agent uses it', async () => {
    openJournal(directory, owner).close();
    const journal = await openLastJournal(directory, begun);
    expect(journal?.state.revision).toBe(0n);
    await expect(openLastJournal(directory, begun)).rejects.toThrow(/another agent uses/);
    journal?.close();
  });

  it('is none where it is gone, or empty, and none is made', async () => {
    expect(await openLastJournal(directory, begun)).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
    writeFileSync(join(directory, journalFile), '');
    expect(await openLastJournal(directory, begun)).toBeUndefined();
  });

  it('is refused while an agent runs whose journal is gone', async () => {
    const stop = new AbortController();
    const { promise: listening, resolve } = Promise.withResolvers<void>();
    const agent = statusTask(statusSocketPath(directory), () => ({}) as AgentStatus).run(
      stop.signal,
      resolve,
    );
    await listening;
    await expect(openLastJournal(directory, begun)).rejects.toMatchObject({ code: 'conflict' });
    stop.abort();
    await agent;
  });
});
