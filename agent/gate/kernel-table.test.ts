import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { openRecorded } from './fixtures/recorded.ts';
import { KernelTable } from './kernel-table.ts';
import { observeTable } from './observe.ts';

const table = new KernelTable(openRecorded);

describe('our table in the kernel', () => {
  it('is told from every other by a tag and a handle', async () => {
    expect(await table.life()).toMatch(/^[0-9a-f]{16}\/\d+$/);
  });

  it('has quotas, exact beyond 2^53', async () => {
    expect(await table.quotas()).toEqual([
      { name: 'bell_arrival', bytes: 16_384n, used: 0n },
      { name: 'bell_refusal', bytes: 1n, used: 0n },
      { name: 'q_sub_x_1', bytes: 9_007_199_254_740_993n, used: 0n },
      { name: 'q_sub_y_2', bytes: 1000n, used: 1000n },
      { name: 'q_sub_y_3', bytes: 123_456n, used: 1000n },
    ]);
  });

  it.each([
    ['up4', '10.64.0.9', 9_007_199_254_740_995n],
    ['up4', '10.64.0.2', 0n],
    ['up6', 'fd74:7572:6e70::9', 700n],
  ])('counts in %s of %s', async (set, address, bytes) => {
    const found = (await table.elements(set)).find((element) => element.address === address);
    expect(found?.counted).toBe(bytes);
  });

  it('says so when a set is missing', async () => {
    await expect(table.elements('nowhere')).rejects.toThrow('nowhere is missing');
  });

  it('is read again when somebody changed the ruleset meanwhile', async () => {
    let readings = 0;
    const interrupted = new KernelTable(() =>
      openRecorded((pages) => {
        readings += 1;
        // NLM_F_DUMP_INTR in the flags of the first message.
        if (readings < 3) pages[0]?.writeUInt16LE((pages[0].readUInt16LE(6) ?? 0) | 0x10, 6);
        return pages;
      }),
    );
    expect(await interrupted.quotas()).toHaveLength(5);
    expect(readings).toBe(3);
  });

  it.each<[string, number, string]>([
    ['without the right to', constants.errno.EPERM, 'may not be read'],
    ['on a kernel that cannot', constants.errno.EINVAL, 'does not list its ruleset'],
  ])('cannot be read %s', async (_when, errno, says) => {
    const refused = new KernelTable(() =>
      openRecorded(() => {
        const page = Buffer.alloc(20);
        page.writeUInt32LE(20, 0);
        page.writeUInt16LE(2, 4);
        page.writeInt32LE(-errno, 16);
        return [page];
      }),
    );
    await expect(refused.quotas()).rejects.toThrow(says);
  });

  it('is not read on when the reading is ended', async () => {
    const ended = new KernelTable(openRecorded, AbortSignal.abort());
    await expect(ended.quotas()).rejects.toThrow('aborted');
  });
});

describe('observing the table', async () => {
  const gate = await observeTable(table);

  it('counts an address that has counters both ways, and not one that has them one way', () => {
    expect(gate.counted).toContain('10.64.0.9');
    expect(gate.counted).toContain('fd74:7572:6e70::5');
    expect(gate.counted).not.toContain('fd74:7572:6e70::9');
  });

  it('reads who passes how', () => {
    expect([...gate.unlimited]).toEqual(['10.64.0.2', 'fd74:7572:6e70::2']);
    expect([...gate.allowance]).toEqual(['10.64.0.4', 'fd74:7572:6e70::4']);
    expect(Object.fromEntries(gate.quotaOf)).toEqual({
      '10.64.0.3': 'sub_x_1',
      'fd74:7572:6e70::3': 'sub_x_1',
    });
    expect(gate.quotas.get('sub_y_3')).toEqual({ bytes: 123_456n });
  });

  it('reads who was not heard, and until when an allowance lasts', () => {
    expect([...gate.unheard]).toEqual(['10.64.0.4', 'fd74:7572:6e70::4']);
    expect([...gate.endsIn]).toEqual([
      ['10.64.0.4', 3599],
      ['fd74:7572:6e70::4', 3599],
    ]);
  });

  it('reads who is slowed down', () => {
    const speed = { paceUp: 'sub_u_4', paceDown: 'sub_u_5' };
    expect(Object.fromEntries(gate.speedOf)).toEqual({
      '10.64.0.2': speed,
      'fd74:7572:6e70::2': speed,
      '10.64.0.3': { poolUp: 'sub_x_6' },
      'fd74:7572:6e70::3': { poolUp: 'sub_x_6' },
    });
    expect(Object.fromEntries(gate.limits)).toEqual({
      sub_u_4: { bytesPerSecond: 125_000n },
      sub_u_5: { bytesPerSecond: 1_250_000n },
      sub_x_6: { bytesPerSecond: 3072n },
    });
  });
});
