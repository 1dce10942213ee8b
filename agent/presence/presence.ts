import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/log.ts';
import type { Task } from '../../common/task.ts';
import { Wake } from '../../common/wake.ts';
import type { DesiredDevice } from '../desired/state.ts';
import type { DevicePresence, PresenceSender } from '../south/ports.ts';
import type { PeerActivity, WireGuard } from '../wireguard/wireguard.ts';
import { judge, look, type Sighting, samePresence } from './judge.ts';

export interface PresenceOptions {
  readonly wireguard: WireGuard;
  readonly sender: PresenceSender;
  readonly devices: () => Iterable<DesiredDevice>;
  /** When the gate last accepted bytes of a device, in monotonic milliseconds. */
  readonly passedAt: (deviceId: string) => number | undefined;
  /** These devices send and are refused. */
  readonly onKnock: (deviceIds: readonly string[]) => void;
  /** What WireGuard should hold, by public key. */
  readonly peers: () => ReadonlyMap<string, unknown>;
  /** What WireGuard said, and when it was asked. */
  readonly onLook: (askedAt: number, activities: readonly PeerActivity[]) => void;
  /** WireGuard does not answer, or holds other peers than it should. */
  readonly onTrouble: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const lookEveryMs = 1_000;
/** Looking may take this part of the time. */
const lookShare = 10;

/** Who is connected, passing or refused now. In memory only: nothing of it is kept, and no endpoint is ever seen. */
export class Presence implements Task {
  readonly name = 'presence';
  readonly #options: PresenceOptions;
  #sightings = new Map<string, Sighting>();
  #known = new Map<string, DevicePresence>();
  #silent = false;
  #strange = false;
  #soon = false;
  readonly #wake = new Wake();

  constructor(options: PresenceOptions) {
    this.#options = options;
    options.sender.onConnected(() => options.sender.send([...this.#known.values()]));
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { clock } = this.#options;
    ready();
    while (!signal.aborted) {
      const startedAt = clock.monotonic();
      await this.#tryLook();
      const cost = clock.monotonic() - startedAt;
      const timer = clock.after(Math.max(lookEveryMs, lookShare * cost), () => this.#wake.set());
      await this.#wake.wait(signal);
      timer.cancel();
      if (this.#soon)
        await clock.sleep((lookShare - 1) * cost - (clock.monotonic() - startedAt - cost), signal);
      this.#soon = false;
    }
  }

  /** Somebody was refused: see who, as soon as looking may take its time again. */
  lookSoon(): void {
    this.#soon = true;
    this.#wake.set();
  }

  get connected(): number {
    let count = 0;
    for (const presence of this.#known.values()) if (presence.connected) count += 1;
    return count;
  }

  async #tryLook(): Promise<void> {
    const { log, onTrouble } = this.#options;
    try {
      await this.look();
      this.#silent = false;
    } catch (error) {
      if (!this.#silent) log.warn({ err: error }, 'WireGuard could not be asked who is there');
      this.#silent = true;
      onTrouble();
    }
  }

  // Twice in a row, as one look may come in the middle of a change.
  #comparePeers(activities: readonly PeerActivity[]): void {
    const peers = this.#options.peers();
    const strange =
      activities.length !== peers.size || activities.some(({ publicKey }) => !peers.has(publicKey));
    if (strange && this.#strange) this.#options.onTrouble();
    this.#strange = strange && !this.#strange;
  }

  async look(): Promise<void> {
    const { wireguard, sender, clock, passedAt, onKnock } = this.#options;
    const byKey = new Map<string, string>();
    for (const { publicKey, id } of this.#options.devices()) byKey.set(publicKey, id);
    const askedAt = clock.monotonic();
    const activities = byKey.size > 0 ? await wireguard.activity() : [];
    this.#options.onLook(askedAt, activities);
    if (byKey.size > 0) this.#comparePeers(activities);
    const now = clock.monotonic();
    const wallSeconds = clock.now() / 1000;
    const sightings = new Map<string, Sighting>();
    const known = new Map<string, DevicePresence>();
    const knocks: string[] = [];
    for (const activity of activities) {
      const id = byKey.get(activity.publicKey);
      if (id === undefined) continue;
      const passed = passedAt(id);
      const sighting = look(this.#sightings.get(activity.publicKey), activity, now, passed);
      sightings.set(activity.publicKey, sighting);
      known.set(id, judge(id, sighting, wallSeconds, passed));
      if (sighting.refusedLooks > 0) knocks.push(id);
    }
    for (const [id, before] of this.#known) {
      // No longer in WireGuard, but it was seen as something else than absent.
      const gone = { deviceId: id, connected: false, passing: false, refused: false };
      if (!known.has(id) && !samePresence(before, gone)) known.set(id, gone);
    }
    const changed = [...known.values()].filter((presence) => {
      const before = this.#known.get(presence.deviceId);
      return !samePresence(
        before ?? { ...presence, connected: false, passing: false, refused: false },
        presence,
      );
    });
    this.#sightings = sightings;
    this.#known = known;
    if (changed.length > 0) sender.send(changed);
    if (knocks.length > 0) onKnock(knocks);
  }
}
