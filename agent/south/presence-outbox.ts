import { create } from '@bufbuild/protobuf';
import { PresenceSchema, type SyncRequest, SyncRequestSchema } from '../../common/gen/turnpike/v1/sync_pb.ts';
import { Wake } from '../../common/wake.ts';
import type { ClientStream } from './client-stream.ts';
import type { DevicePresence, PresenceSender } from './ports.ts';

const mostPerMessage = 1000;

/**
 * Presence on its way to the controller. When the stream does not keep up, newer presence of a device replaces what
 * waits; while there is no stream it is dropped, because the next one starts with everything.
 */
export class PresenceOutbox implements PresenceSender {
  readonly #listeners: (() => void)[] = [];
  readonly #waiting = new Map<string, DevicePresence>();
  readonly #wake = new Wake();
  #open = false;

  send(devices: readonly DevicePresence[]): void {
    if (!this.#open) return;
    for (const device of devices) this.#waiting.set(device.deviceId, device);
    this.#wake.set();
  }

  onConnected(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Sends until the stream is over. */
  async run(stream: ClientStream<SyncRequest, unknown>): Promise<void> {
    this.#waiting.clear();
    this.#open = true;
    try {
      for (const listener of this.#listeners) listener();
      await this.#sendAll(stream);
    } finally {
      this.#open = false;
    }
  }

  async #sendAll(stream: ClientStream<SyncRequest, unknown>): Promise<void> {
    while (!stream.closed.aborted) {
      await this.#wake.wait(stream.closed);
      const all = [...this.#waiting.values()];
      this.#waiting.clear();
      for (let start = 0; start < all.length && !stream.closed.aborted; start += mostPerMessage) {
        const devices = all.slice(start, start + mostPerMessage).map((device) => ({ ...device }));
        const value = create(PresenceSchema, { devices });
        await stream.send(create(SyncRequestSchema, { message: { case: 'presence', value } }));
      }
    }
  }
}
