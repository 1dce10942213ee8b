/**
 * How long the books wait for a backup, and for a rotation of keys, and how long both take, with so many devices in them:
 * npm run bench -- backup [--devices 50000]. Prints one line of JSON.
 */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../common/clock.ts';
import { silentLogger } from '../../../common/log.ts';
import { openBooks } from '../../../controller/books/books.ts';
import { envelopeFile } from '../../../controller/vault/envelope-file.ts';
import { ownFolder } from '../../lab/own.ts';
import { toolOptions } from '../../options.ts';
import { sellToCrowd } from '../adjust/crowd.ts';
import { fill } from './fill.ts';

const { whole } = toolOptions('npm run bench -- backup', { devices: { type: 'string', default: '50000' } });
const devices = whole('devices');
const directory = ownFolder();
try {
  const path = join(directory, 'turnpike.db');
  const envelope = envelopeFile(join(directory, 'envelope.key'));
  await sellToCrowd(path, 1);
  await fill(path, envelope, devices);
  const books = await openBooks({
    ...{ path, range4: '10.64.0.0/14', range6: 'fd74:7572:6e70::/64', validitySeconds: 86_400 },
    backups: { directory: join(directory, 'backups'), keepDays: 30 },
    envelope,
    ...{ clock: systemClock, log: silentLogger },
  });
  const quiet = await longestWait(books, () => systemClock.sleep(2000));
  let backup: { bytes: bigint } | undefined;
  const began = performance.now();
  const during = await longestWait(books, async () => {
    backup = await books.backups.create(async () => ({}));
  });
  const seconds = secondsSince(began);
  const rotationBegan = performance.now();
  const rotating = await longestWait(books, async () => void (await books.keys.rotate(async () => {})));
  const figures = {
    devices,
    databaseMegabytes: Math.round(statSync(path).size / 1e6),
    backupMegabytes: Number(((backup ? Number(backup.bytes) : 0) / 1e6).toFixed(1)),
    seconds,
    longestWaitMs: Math.round(during),
    rotationSeconds: secondsSince(rotationBegan),
    longestWaitInRotationMs: Math.round(rotating),
    longestWaitOtherwiseMs: Math.round(quiet),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  await books.close();
} finally {
  rmSync(directory, { recursive: true });
}

function secondsSince(began: number): number {
  return Number(((performance.now() - began) / 1000).toFixed(1));
}

/**
 * Of somebody who asks the books for a trifle every millisecond, while that goes on: the longest time from one answer to
 * the next, as it is no better to have been kept from asking. Milliseconds.
 */
async function longestWait(
  books: Awaited<ReturnType<typeof openBooks>>,
  meanwhile: () => Promise<void>,
): Promise<number> {
  let over = false;
  let longest = 0;
  const asking = (async () => {
    let answered = performance.now();
    while (!over) {
      await systemClock.sleep(1);
      await books.authorityPins.known();
      longest = Math.max(longest, performance.now() - answered);
      answered = performance.now();
    }
  })();
  await meanwhile();
  over = true;
  await asking;
  return longest;
}
