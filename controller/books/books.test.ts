import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig } from '../../test/unit/books/rig.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-books-'));
  path = join(directory, 'turnpike.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the books', () => {
  it('hold over a restart all that was acknowledged', async () => {
    const first = await openRig({ path });
    const node = await first.node('a');
    const subscription = await first.subscription();
    const device = await first.device(subscription);
    await node.report({ [device]: [1000n, 0n] });
    await first.books.close();
    const second = await openRig({ path });
    expect(await second.books.catalogue.getUsage(subscription)).toMatchObject({ usedBytes: 1000n });
    expect(await second.books.catalogue.listGroups()).toHaveLength(1);
    // The connection of before is gone; what the node holds is not.
    expect(await second.books.catalogue.getNode('a')).toMatchObject({ connected: false, incarnation: 1 });
    expect((await second.books.desired.since(node.identity, node.revision)).digest).toEqual(node.digest());
    await second.books.close();
  });

  it('let the address range grow, but move no device', async () => {
    const first = await openRig({ path, range4: '10.64.0.0/24' });
    const device = await first.device(await first.subscription());
    await first.books.close();
    const wider = await openRig({ path, range4: '10.64.0.0/16' });
    expect((await wider.books.catalogue.getDevice(device)).address4).toBe('10.64.0.2');
    await wider.books.close();
    await expect(openRig({ path, range4: '10.65.0.0/16' })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/would change the addresses of devices/),
    });
    const again = await openRig({ path });
    await again.books.close();
  });
});
