import type { Context } from '../books/context.ts';
import type { DeviceSettings } from './catalogue.ts';
import { loadDevice } from './device-view.ts';
import { findDevice } from './find.ts';
import type { Device } from './views.ts';
import { parseLine } from './words.ts';

/** Also of one that is gone: they stand beside its usage. */
export function setDevice(context: Context, id: string, input: DeviceSettings): Promise<Device> {
  const change = {
    ...(input.label !== undefined && { label: parseOptional('label', input.label) }),
    ...(input.platform !== undefined && { platform: parseOptional('platform', input.platform) }),
  };
  return context.store.transaction(async (tx) => {
    await findDevice(tx, id);
    if (Object.keys(change).length > 0) {
      await tx.db.updateTable('devices').set(change).where('id', '=', id).execute();
    }
    return loadDevice(context, tx, id);
  });
}

function parseOptional(what: string, text: string | null): string | null {
  return text === null ? null : parseLine(what, text, 64);
}
