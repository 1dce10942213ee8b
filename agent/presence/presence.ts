import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/log.ts';
import type { Task } from '../../common/task.ts';
import { Wake } from '../../common/wake.ts';
import type { DesiredDevice } from '../desired/state.ts';
import { followPeer, isSuspect, noTrace, restTrace, type Trace } from '../sharing/detector.ts';
import type { DevicePresence, PresenceSender } from '../south/ports.ts';
import type { PeerActivity, WireGuard } from '../wireguard/wireguard.ts';
import { absent, isRefusal, judge, look, type Sighting, samePresence } from './judge.ts';
import type { Traffic } from './traffic.ts';

export interface PresenceOptions {
  readonly wireguard: WireGuard;
  readonly sender: PresenceSender;
  readonly devices: () => Iterable<DesiredDevice>;
  /** What the gate accepted lately, by device; of one that is closed it is forgotten. */
  readonly traffic: Map<string, Traffic>;
  /** Devices that became active since they were told. */
  readonly risen: Set<string>;
  /** When the gate's counters were read last, in monotonic milliseconds. */
  readonly readAt: () => number | undefined;
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
/** While somebody is between two places, which may be two devices with one key. */
const suspectEveryMs = 250;
/** Looking may take this part of the time. */
const lookShare = 10;

/** Who is connected, passing, refused or in two places now. In memory only: nothing of it is kept. */
export class Presence implements Task {
  readonly name = 'presence';
  readonly #options: PresenceOptions;
  #sightings = new Map<string, Sighting>();
  /** By public key: what was found of one says nothing of the key that a device has later. */
  #traces = new Map<string, Trace>();
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
      const timer = clock.after(Math.max(this.#everyMs(), lookShare * cost), () => this.#wake.set());
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

  #everyMs(): number {
    const now = this.#options.clock.monotonic();
    for (const trace of this.#traces.values()) if (isSuspect(trace, now)) return suspectEveryMs;
    return lookEveryMs;
  }

  /** The counters were read: who began to pass is told at once, since it takes a seat. */
  tellRisen(): void {
    const { risen, sender } = this.#options;
    if (risen.size === 0) return;
    const told = [...risen].map((id) => {
      const before = this.#known.get(id) ?? absent(id);
      return { ...before, connected: true, passing: true, refused: false, active: true };
    });
    risen.clear();
    for (const presence of told) this.#known.set(presence.deviceId, presence);
    sender.send(told);
  }

  async look(): Promise<void> {
    const { wireguard, sender, clock, onKnock } = this.#options;
    const byKey = new Map<string, DesiredDevice>();
    for (const device of this.#options.devices()) byKey.set(device.publicKey, device);
    const askedAt = clock.monotonic();
    const activities = byKey.size > 0 ? await wireguard.activity() : [];
    this.#options.onLook(askedAt, activities);
    if (byKey.size > 0) this.#comparePeers(activities);
    const sightings = new Map<string, Sighting>();
    const traces = new Map<string, Trace>();
    const known = new Map<string, DevicePresence>();
    const knocks: string[] = [];
    for (const activity of activities) {
      const device = byKey.get(activity.publicKey);
      if (device === undefined) continue;
      const before = this.#sightings.get(device.id);
      const { sighting, trace, presence } = this.#see(device, activity);
      sightings.set(device.id, sighting);
      if (trace !== noTrace) traces.set(device.publicKey, trace);
      known.set(device.id, presence);
      if (sighting !== before && isRefusal(sighting)) knocks.push(device.id);
    }
    for (const [id, before] of this.#known) {
      // No longer in WireGuard, but it was seen as something else than absent.
      if (!known.has(id) && !samePresence(before, absent(id))) known.set(id, absent(id));
    }
    const changed = [...known.values()].filter(
      (presence) => !samePresence(this.#known.get(presence.deviceId) ?? absent(presence.deviceId), presence),
    );
    this.#forgetTraffic(known);
    this.#sightings = sightings;
    this.#traces = traces;
    this.#known = known;
    if (changed.length > 0) sender.send(changed);
    if (knocks.length > 0) onKnock(knocks);
  }

  /** Of devices that are gone. */
  #forgetTraffic(known: ReadonlyMap<string, unknown>): void {
    const { traffic } = this.#options;
    if (traffic.size > known.size) for (const id of traffic.keys()) if (!known.has(id)) traffic.delete(id);
  }

  #see({ id, revision, publicKey, access }: DesiredDevice, activity: PeerActivity) {
    const { clock, traffic, readAt } = this.#options;
    const now = clock.monotonic();
    // What it did before it was closed says nothing once it is open again.
    const isOpen = access === 'open';
    if (!isOpen) traffic.delete(id);
    const accepted = traffic.get(id);
    const seen = { passedAt: accepted?.passedAt, readAt: readAt() };
    const sighting = look(this.#sightings.get(id), activity, now, seen);
    const before = this.#traces.get(publicKey) ?? noTrace;
    const trace = isOpen ? followPeer(before, activity, now) : restTrace(before, now);
    const { latestHandshake } = activity;
    const evidence = { sighting, latestHandshake, traffic: accepted, readAt: seen.readAt, trace };
    return { sighting, trace, presence: judge({ id, revision }, evidence, now, clock.now() / 1000) };
  }
}
