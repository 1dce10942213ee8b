import type { DatabaseSync } from 'node:sqlite';
import type { Account } from '../grants/account.ts';
import type { Meter } from '../meter/meter.ts';
import type { JournalChange } from './state.ts';

/** Returns the function that writes a change, inside a transaction of the caller's. */
export function prepareWriter(database: DatabaseSync): (change: JournalChange) => void {
  const set = database.prepare(
    'INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );
  const removeDevice = database.prepare(
    'UPDATE device SET revision = NULL, public_key = NULL, preshared_key = NULL, access = NULL WHERE id = ?',
  );
  const removeSubscription = database.prepare('UPDATE subscription SET revision = NULL WHERE id = ?');
  const putDevice = database.prepare(
    `INSERT INTO device (id, subscription_id, revision, public_key, preshared_key, address4, address6, access)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, public_key = excluded.public_key,
       preshared_key = excluded.preshared_key, address4 = excluded.address4, address6 = excluded.address6,
       access = excluded.access`,
  );
  const putSubscription = database.prepare(
    `INSERT INTO subscription (id, revision, metering, granted, allowance, recall) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, metering = excluded.metering,
       granted = excluded.granted, allowance = excluded.allowance, recall = excluded.recall`,
  );
  const putMeter = database.prepare(
    `INSERT INTO device (id, subscription_id, upload, download, counted_a, upload_a, download_a,
       counted_b, upload_b, download_b)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET upload = excluded.upload, download = excluded.download,
       counted_a = excluded.counted_a, upload_a = excluded.upload_a, download_a = excluded.download_a,
       counted_b = excluded.counted_b, upload_b = excluded.upload_b, download_b = excluded.download_b`,
  );
  const putAccount = database.prepare(
    `INSERT INTO subscription (id, highest_granted, armed, written_off, released, recall_answered, disturbed)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET highest_granted = excluded.highest_granted, armed = excluded.armed,
       written_off = excluded.written_off, released = excluded.released,
       recall_answered = excluded.recall_answered, disturbed = excluded.disturbed`,
  );
  const acknowledge = database.prepare('DELETE FROM outbox WHERE number <= ?');
  const freeze = database.prepare('INSERT INTO outbox VALUES (?, ?)');
  const countEpoch = database.prepare(
    `INSERT INTO setting VALUES ('epochs', '1')
     ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)`,
  );

  const writeMeter = ({ deviceId, subscriptionId, upload, download, counted: [a, b] }: Meter) =>
    putMeter.run(
      deviceId,
      subscriptionId,
      upload,
      download,
      a?.address ?? null,
      a?.upload ?? 0n,
      a?.download ?? 0n,
      b?.address ?? null,
      b?.upload ?? 0n,
      b?.download ?? 0n,
    );
  const writeAccount = (account: Account) =>
    putAccount.run(
      account.subscriptionId,
      account.granted,
      account.armed,
      account.writtenOff,
      account.released,
      account.recall,
      account.disturbed ? 1 : 0,
    );

  return (change) => {
    for (const id of change.removedDevices ?? []) removeDevice.run(id);
    for (const id of change.removedSubscriptions ?? []) removeSubscription.run(id);
    for (const item of change.subscriptions ?? []) {
      const { id, revision, metering, grantedBytes, allowance, recall } = item;
      putSubscription.run(id, revision, metering, grantedBytes, allowance ? 1 : 0, recall);
    }
    for (const item of change.devices ?? []) {
      putDevice.run(
        item.id,
        item.subscriptionId,
        item.revision,
        item.publicKey,
        item.presharedKey ?? null,
        item.address4,
        item.address6,
        item.access,
      );
    }
    for (const meter of change.meters ?? []) writeMeter(meter);
    for (const account of change.accounts ?? []) writeAccount(account);
    if (change.settings) set.run('settings', JSON.stringify(change.settings));
    if (change.revision !== undefined) set.run('revision', String(change.revision));
    if (change.epoch !== undefined) set.run('epoch', JSON.stringify(change.epoch));
    if (change.epoch) countEpoch.run();
    if (change.validUntil !== undefined) set.run('valid_until', String(Math.round(change.validUntil)));
    if (change.applying !== undefined) set.run('applying', String(change.applying));
    if (change.acknowledged !== undefined) acknowledge.run(change.acknowledged);
    if (change.report) {
      freeze.run(change.report.number, change.report.bytes);
      set.run('last_report', String(change.report.number));
    }
  };
}
