import { DatabaseSync } from 'node:sqlite';
import { TurnpikeError } from '../../common/errors.ts';
import { storeFailure } from '../store/failure.ts';

/** Rows of which no controller wrote one; the CHECKs of the schema are looked at by SQLite itself. */
const impossible: Readonly<Record<string, string>> = {
  'a grant beyond what was sold': `
    SELECT 1 FROM (
      SELECT periods.volume + carried_in - withdrawn AS own, periods.subscription_id, number, sum(
        ((granted - released) * multiplier + 999) / 1000) AS claimed
      FROM periods JOIN grants ON grants.subscription_id = periods.subscription_id AND period = number
      WHERE periods.volume IS NOT NULL AND beyond_rate = 0 AND throttled = 0
        -- After a restore, what was granted before it may be more than is known to be sold.
        AND (SELECT revision >> 40 FROM fleet) = 0
      GROUP BY 2, 3
    ) AS p WHERE claimed > own + (
      SELECT coalesce(sum(bytes - taken), 0) FROM adjustments
      WHERE kind = 'pack' AND adjustments.subscription_id = p.subscription_id)`,
  'a device without addresses of its own': `
    SELECT 1 FROM devices LEFT JOIN slots ON slots.device_id = devices.id
    WHERE removed_at IS NULL AND slots.slot IS NOT devices.slot`,
  'a subscription without its period': `
    SELECT 1 FROM subscriptions LEFT JOIN periods ON subscription_id = subscriptions.id AND number = period
    WHERE number IS NULL`,
  'a gap in the audit log': `
    SELECT 1 FROM audit_anchor WHERE (SELECT count(*) FROM audit) <>
      (SELECT coalesce(max(id), entry_id) FROM audit) - entry_id`,
};

/**
 * Looks through a copy of the books, in memory.
 * @throws TurnpikeError `environment` with what is wrong
 */
export function checkBooks(path: string, bytes: Uint8Array): void {
  const database = openInMemory(bytes);
  try {
    const trouble = database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (trouble !== 'ok') throw unsound(path, String(trouble));
    if (database.prepare('PRAGMA foreign_key_check').get() !== undefined) {
      throw unsound(path, 'a row belongs to nothing');
    }
    for (const [what, query] of Object.entries(impossible)) {
      if (database.prepare(`${query} LIMIT 1`).get() !== undefined) throw unsound(path, what);
    }
  } catch (error) {
    throw storeFailure(error, path);
  } finally {
    database.close();
  }
}

function openInMemory(bytes: Uint8Array): DatabaseSync {
  const copy = Buffer.from(bytes);
  // File format versions: 2 would be with a log of writes, which a database in memory has none of (sqlite.org/fileformat.html).
  copy[18] = 1;
  copy[19] = 1;
  const database = new DatabaseSync(':memory:');
  database.deserialize(copy);
  return database;
}

function unsound(path: string, what: string): TurnpikeError {
  return new TurnpikeError('environment', `the books in ${path} are not sound: ${what}`, {
    remedy: 'keep the backups of before, and look at the machine: its disk or memory may fail',
  });
}
