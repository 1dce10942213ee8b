import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { journalFile } from '../../../agent/journal/journal.ts';
import { timesNear } from '../stored-times.ts';
import { device, Rig, subscription } from './rig.ts';

test('traffic leaves no time in the journal that is tied to a device', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-canary-'));
  try {
    const rig = new Rig(directory);
    rig.inbox.time(rig.clock.now(), true);
    await rig.say({ subscriptions: [subscription(1)], devices: [device(2)] });
    rig.upload(2, 10);
    for (let beats = 0; beats < 3; beats += 1) await rig.beat(5000);
    const now = rig.clock.now();
    rig.journal.close();
    // The controller's clock as it was heard, of the node as a whole.
    expect(timesNear(join(directory, journalFile), now)).toEqual(['setting.value']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
