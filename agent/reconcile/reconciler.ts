import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/log.ts';
import type { WireguardKeyPair } from '../../common/wireguard-key.ts';
import type { Gate, GateFrame } from '../gate/model.ts';
import type { Host } from '../host/host.ts';
import type { Journal } from '../journal/journal.ts';
import { stopCounting } from '../meter/meter.ts';
import type { ControllerTime } from '../time/controller-time.ts';
import type { Peer, WireGuard } from '../wireguard/wireguard.ts';
import { absorb, recheck } from './absorb.ts';
import { Draft } from './draft.ts';
import { readBack } from './drift.ts';
import { movedEnds, noteEnds } from './ends.ts';
import { enforce, type Refused } from './enforce.ts';
import { openEpoch } from './epochs.ts';
import { eraseWhatIsGone } from './erase.ts';
import { frameOf, sameEpoch, sameSettings } from './frame.ts';
import { marksOf, newlyHeard, remember, withMarks } from './hearing.ts';
import type { Batch, Inbox, News } from './inbox.ts';
import { hearDry, hearKnocks } from './knocks.ts';
import { isWithdrawn, lingering } from './lingering.ts';
import { type Memory, replaceGate } from './memory.ts';
import { nextMoment, reachedMoment } from './moments.ts';
import { describePeerDrift, type PeerPlan, peerOf, planPeers, readBackPeers } from './peers.ts';
import { bookReading } from './reading.ts';
import { ReadingDebt } from './reading-debt.ts';
import type { Reports } from './reports.ts';
import { planTargets } from './targets.ts';
import type { Telemetry } from './telemetry.ts';
import { turnPeriods } from './turn.ts';
import { markUnreachable } from './unreachable.ts';
import type { Standing, Validity } from './validity.ts';

export interface ReconcilerParts {
  readonly journal: Journal;
  readonly memory: Memory;
  readonly reports: Reports;
  readonly inbox: Inbox;
  readonly validity: Validity;
  readonly time: ControllerTime;
  readonly gate: Gate;
  readonly wireguard: WireGuard;
  readonly host: Host;
  readonly key: WireguardKeyPair;
  readonly interfaceName: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
}

/** What a round is asked to do beside what came in. */
export interface Due {
  readonly reading: boolean;
  /** Compare everything with what should be. */
  readonly full: boolean;
}

/** What became of a reading: none was made, or the counters were gone. */
type Reading = 'booked' | 'lost' | 'none';

const linesLogged = 20;

/** One round after the other: read, decide, journal, apply. Never two at once. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  #frame: GateFrame | undefined;
  /** The kernel may hold other things than memory says. */
  #uncertain = false;
  readonly #debt = new ReadingDebt();
  #peersMayDiffer = true;
  #standing: Standing = 'over';
  #patient = false;
  /** Of elements that were there before us, nobody knows how long they have left. */
  #renewedAt = Number.NEGATIVE_INFINITY;
  /** Batches that are stored, to be answered once they are in force. */
  #stored: Batch[] = [];

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Whether there is something to do at once. */
  get restless(): boolean {
    return this.#frame !== undefined && (this.#debt.isOwed || this.#parts.memory.again.size > 0);
  }

  /** In how many milliseconds something changes by itself; Infinity for never. */
  get momentInMs(): number {
    const { memory, time } = this.#parts;
    return this.#frame === undefined ? Number.POSITIVE_INFINITY : memory.nextMoment - time.now();
  }

  /** @throws when something could not be done; the next round finds out what is there, and does the rest. */
  async round(due: Due): Promise<void> {
    const { inbox, clock, telemetry } = this.#parts;
    const news = inbox.take();
    const startedAt = clock.monotonic();
    try {
      await this.#round(news, due);
      telemetry.consecutiveFailures = 0;
      telemetry.lastError = undefined;
    } catch (error) {
      this.#uncertain = true;
      // What was to be armed may not have been, so that nothing passed proves nothing of its size.
      this.#parts.memory.lastArmed.clear();
      telemetry.inForce = false;
      telemetry.failures += 1;
      telemetry.consecutiveFailures += 1;
      inbox.putBack({
        settings: news.settings,
        batches: news.batches.filter((batch) => !this.#stored.includes(batch)),
      });
      throw error;
    } finally {
      telemetry.rounds += 1;
      telemetry.lastRoundMs = clock.monotonic() - startedAt;
      telemetry.onRound(telemetry.lastRoundMs / 1000);
    }
  }

  async #round(news: News, due: Due): Promise<void> {
    const { journal, memory, time, clock } = this.#parts;
    const fresh = await this.#establish(news);
    const frame = this.#frame;
    if (frame === undefined) return;

    const look = due.full || this.#uncertain;
    if (look && !fresh) await this.#look();
    const draft = new Draft(journal.state, memory);
    const touched = new Set<string>();
    const turned = this.#standingTurned();
    const controllerNow = time.now();
    const everything = fresh || look || turned || news.timeMoved;
    const moment = this.#hearMoments(controllerNow, everything, touched);
    if (due.reading || news.gateEvent || memory.again.size > 0) this.#debt.owe(clock.monotonic());
    const reading =
      everything || moment || news.batches.some((batch) => this.#turnsPeriod(batch))
        ? await this.#read(draft, touched, frame)
        : await this.#payDebt(draft, touched, frame, news);
    // What the lost counters leave behind is committed already: nothing of this draft is.
    if (reading === 'lost') for (const id of journal.state.accounts.keys()) touched.add(id);
    const wanting = [
      ...(reading === 'none' ? hearDry(draft, memory, news.dry, clock.monotonic()) : []),
      ...hearKnocks(draft, memory, news.knocks, clock.monotonic()),
    ];
    for (const id of wanting) touched.add(id);
    for (const batch of news.batches) {
      for (const id of absorb(draft, memory, batch, this.#parts.key.publicKey)) touched.add(id);
      draft.other.revision = batch.revision;
    }
    if (everything) {
      recheck(draft, memory, this.#parts.key.publicKey);
      for (const id of draft.subscriptionIds()) touched.add(id);
    }
    noteEnds(draft, memory, touched, time);
    for (const id of movedEnds(memory, this.#parts.clock.monotonic())) touched.add(id);
    const turning = turnPeriods(draft, memory, touched, controllerNow);
    if (everything || moment) this.#peersMayDiffer = true;
    await this.#decide(draft, touched, turning, news);
    if (controllerNow >= memory.nextMoment) {
      memory.nextMoment = nextMoment(journal.state.subscriptions.values(), controllerNow);
    }
    await this.#renew();
  }

  /** Something changes by itself now: whom it concerns. True when there is somebody. */
  #hearMoments(controllerNow: number, everything: boolean, touched: Set<string>): boolean {
    const { journal, memory } = this.#parts;
    if (everything) memory.nextMoment = Number.NEGATIVE_INFINITY;
    if (controllerNow < memory.nextMoment) return false;
    const subscriptions = journal.state.subscriptions.values();
    for (const id of reachedMoment(subscriptions, memory.nextMoment, controllerNow)) touched.add(id);
    return true;
  }

  // A period begins right after a reading.
  #turnsPeriod({ deltas }: Batch): boolean {
    const { accounts } = this.#parts.journal.state;
    return deltas.some(({ subscriptions }) =>
      subscriptions.some(({ id, period }) => period > (accounts.get(id)?.period ?? period)),
    );
  }

  /** Makes the node, and adopts the gate that is there when it is the one of the journal. True when it did. */
  async #establish(news: News): Promise<boolean> {
    const { journal, host, wireguard, key, validity, log } = this.#parts;
    const changed = news.settings && !sameSettings(journal.state.settings, news.settings);
    if (changed) journal.commit({ settings: news.settings });
    const { settings } = journal.state;
    if (settings === undefined || (this.#frame !== undefined && !changed)) return false;
    validity.limit(settings);
    // A refusal is younger than what was heard before it.
    if (news.settings && validity.standing !== 'refused') validity.heard(false);
    const frame = frameOf(settings, this.#parts.interfaceName, await host.ipv6());
    // The gate before the interface: from its first packet on, everything is closed that was not let in.
    if (this.#frame === undefined) await this.#adopt(frame);
    else await this.#parts.gate.reframe(frame);
    await this.#markUnreachable();
    for (const line of await host.ensure(settings)) log.info({ part: 'host', make: line }, 'made');
    await wireguard.configure({ privateKey: key.privateKey, listenPort: settings.listenPort });
    await this.#readBackPeers(false);
    this.#frame = frame;
    return true;
  }

  async #adopt(frame: GateFrame): Promise<void> {
    const { gate, journal, memory, log } = this.#parts;
    if (!sameEpoch(await gate.epoch(), journal.state.epoch)) {
      await this.#openEpoch(frame);
      return;
    }
    await gate.reframe(frame);
    this.#note('gate', await this.#readBackGate());
    log.info({ devices: memory.gate.devices.size }, 'adopted the gate as it is: no packet was disturbed');
  }

  async #openEpoch(frame: GateFrame): Promise<void> {
    const { gate, journal, memory, log, reports, clock } = this.#parts;
    const before = journal.state.epoch;
    const draft = await openEpoch(journal, memory, gate, frame, () => clock.monotonic());
    reports.note(draft, memory, new Set());
    if (before) log.warn({ epochs: journal.state.epochs }, 'the counters were gone: opened a new epoch');
  }

  /** Compares with what is there, and mends. */
  async #look(): Promise<void> {
    const { gate, journal, host, wireguard, key, telemetry } = this.#parts;
    const { settings } = journal.state;
    if (settings === undefined || this.#frame === undefined) return;
    telemetry.fullReconciles += 1;
    if (sameEpoch(await gate.epoch(), journal.state.epoch)) {
      await gate.reframe(this.#frame);
      this.#note('gate', await this.#readBackGate());
      await this.#markUnreachable();
    }
    this.#note('host', await host.ensure(settings));
    if ((await wireguard.publicKey()) !== key.publicKey) {
      this.#note('wireguard', ['give the interface its key again']);
      await wireguard.configure({ privateKey: key.privateKey, listenPort: settings.listenPort });
    }
    await this.#readBackPeers(true);
    this.#uncertain = false;
  }

  #readBackGate(): Promise<string[]> {
    const { journal, memory, gate, validity, clock } = this.#parts;
    const times = { validitySeconds: validity.remainingSeconds(), now: clock.monotonic() };
    return readBack(journal, memory, gate, times);
  }

  /** Before an interface takes traffic again: it may be a new one, without peers. */
  async #markUnreachable(): Promise<void> {
    const { journal, memory, gate, wireguard, validity } = this.#parts;
    const marked = await markUnreachable(journal.state.devices.values(), memory.gate, wireguard);
    if (marked === memory.gate) return;
    await gate.apply(memory.gate, marked, validity.remainingSeconds());
    replaceGate(memory, marked);
  }

  async #readBackPeers(compare: boolean): Promise<void> {
    const { journal, memory, wireguard } = this.#parts;
    const peers = [...journal.state.devices.values()].map(peerOf);
    const wanted = new Map(peers.map((peer) => [peer.publicKey, peer]));
    const settled = !journal.state.applying && !this.#uncertain;
    const heard = (addresses: readonly string[]) =>
      addresses.some((address) => {
        const device = memory.gate.devices.get(memory.owners.get(address) ?? '');
        return device !== undefined && device.unheard !== true;
      });
    const found = readBackPeers(await wireguard.peers(), wanted, memory.peers, heard, settled);
    if (compare && !this.#uncertain) this.#note('wireguard', describePeerDrift(memory.peers, found));
    memory.peers = found;
  }

  /** The reading that is owed, unless what the controller says comes first. */
  async #payDebt(draft: Draft, touched: Set<string>, frame: GateFrame, news: News): Promise<Reading> {
    const { clock, telemetry } = this.#parts;
    if (!this.#debt.isOwed) return 'none';
    if (!this.#debt.mayWait(clock.monotonic(), telemetry.lastReadingMs)) {
      return this.#read(draft, touched, frame);
    }
    if (news.batches.length > 0) return 'none';
    return this.#read(draft, touched, frame, news.superseded);
  }

  /** Books the counters, or opens a new epoch when they are gone. The signal ends the reading, and nothing after it. */
  async #read(draft: Draft, touched: Set<string>, frame: GateFrame, signal?: AbortSignal): Promise<Reading> {
    const { gate, journal, memory, clock, telemetry } = this.#parts;
    const startedAt = clock.monotonic();
    const reading = await gate.read(signal).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
      return 'ended' as const;
    });
    if (reading === 'ended') return 'none';
    this.#debt.paid();
    telemetry.readings += 1;
    telemetry.lastReadingMs = clock.monotonic() - startedAt;
    if (reading === undefined || !sameEpoch(reading.epoch, journal.state.epoch)) {
      await this.#openEpoch(frame);
      return 'lost';
    }
    for (const id of bookReading(draft, memory, reading, clock.monotonic())) touched.add(id);
    return 'booked';
  }

  async #decide(
    draft: Draft,
    touched: ReadonlySet<string>,
    turning: ReadonlySet<string>,
    { batches, hearing }: Pick<News, 'batches' | 'hearing'>,
  ): Promise<void> {
    const { memory, reports, inbox, validity, clock, gate, wireguard, telemetry } = this.#parts;
    const now = clock.monotonic();
    const { standing } = validity;
    const moment = {
      now,
      valid: standing === 'valid',
      refused: standing === 'refused',
      patient: this.#patient,
      turning,
    };
    const targets = planTargets(draft, memory, touched, moment);
    if (batches.length > 0) this.#peersMayDiffer = true;
    const peers = this.#peersMayDiffer ? this.#planPeers(draft, targets.deferred) : noPeers;
    const heard = hearing ? newlyHeard(memory, hearing) : [];
    const marks = marksOf(memory, heard);
    const unheard = this.#newPeers(draft, peers);
    for (const id of unheard) marks.set(id, true);
    const next = withMarks(targets.gate, marks);
    const changes = next !== memory.gate || peers.remove.length + peers.upsert.length > 0;
    reports.note(draft, memory, touched);
    this.#journal(draft, changes, now);
    this.#stored.push(...batches);

    if (changes) {
      const refused = await enforce(
        {
          gate: next,
          changed: targets.changed,
          marked: new Set([...marks.keys()].flatMap((id) => draft.meter(id)?.subscriptionId ?? [])),
          unheard,
          peers,
          validitySeconds: validity.remainingSeconds(),
          failures: telemetry.consecutiveFailures,
          now: () => clock.monotonic(),
        },
        memory,
        gate,
        wireguard,
      );
      this.#refuse(refused);
    }
    remember(memory, heard);
    for (const id of memory.broken) if (!memory.gate.devices.has(id)) memory.broken.delete(id);
    telemetry.inForce = true;
    if (targets.deferred.size === 0) {
      this.#peersMayDiffer = false;
      this.#answer();
      if (eraseWhatIsGone(this.#parts.journal, memory)) inbox.announceErased();
    }
    if (inbox.next()) inbox.announceReport();
  }

  #planPeers(draft: Draft, deferred: ReadonlySet<string>): PeerPlan {
    const { memory, clock } = this.#parts;
    const now = clock.monotonic();
    const wanted: Peer[] = [];
    const withdrawn: Peer[] = [];
    for (const device of draft.devices()) {
      if (memory.refused.has(device.id) || deferred.has(device.id)) continue;
      (isWithdrawn(device, memory, now) ? withdrawn : wanted).push(peerOf(device));
    }
    const stay = lingering(memory, withdrawn, now);
    return planPeers(memory.peers, [...wanted, ...stay]);
  }

  /** Devices that are in the gate already and whose peer comes to WireGuard now. */
  #newPeers(draft: Draft, { upsert }: PeerPlan): Set<string> {
    const { memory } = this.#parts;
    const added = new Set(upsert.map(({ publicKey }) => publicKey).filter((key) => !memory.peers.has(key)));
    const ids = new Set<string>();
    for (const { id, publicKey } of added.size > 0 ? draft.devices() : []) {
      if (added.has(publicKey) && memory.gate.devices.has(id)) ids.add(id);
    }
    return ids;
  }

  /** One transaction: what was read, what is desired, what may be armed, and what is reported of it. */
  #journal(draft: Draft, changes: boolean, now: number): void {
    const { journal, memory, reports, inbox, validity, time } = this.#parts;
    const { state } = journal;
    const { other } = draft;
    if (state.report && state.report.number <= inbox.booked) other.acknowledged = inbox.booked;
    const pending = state.report !== undefined && other.acknowledged === undefined;
    if (!pending) {
      const report = reports.freeze(draft, memory, state.lastReport + 1n, now);
      if (report) other.report = report;
    }
    const kept = validity.toJournal();
    Object.assign(other, kept);
    const tie = time.toJournal();
    if (tie) other.time = tie;
    // Not worth a write of its own.
    if (changes !== state.applying && (changes || !draft.isEmpty)) other.applying = changes;
    if (draft.isEmpty) return;
    journal.commit(draft.change());
    for (const [id, bytes] of draft.usedNow) memory.used.set(id, bytes);
    if (other.report) reports.frozen(draft, memory, now);
    if (kept) validity.wasJournalled(kept);
    if (tie) time.wasJournalled(tie);
  }

  /** Items that the kernel's tools refuse, alone and again: they stay out until the controller says something new. */
  #refuse({ subscriptionIds, peers }: Refused): void {
    const { journal, memory, log } = this.#parts;
    const draft = new Draft(journal.state, memory);
    const keys = new Set(peers.map(({ publicKey }) => publicKey));
    for (const device of keys.size > 0 ? draft.devices() : []) {
      if (keys.has(device.publicKey)) memory.refused.set(device.id, 'WireGuard refuses it');
    }
    for (const subscriptionId of subscriptionIds) {
      memory.lastArmed.delete(subscriptionId);
      for (const id of memory.members.get(subscriptionId) ?? []) {
        if (memory.gate.devices.has(id)) continue;
        memory.refused.set(id, 'the gate refuses it');
        const meter = draft.meter(id);
        if (meter && meter.counted.length > 0) draft.putMeter(stopCounting(meter));
      }
      memory.again.add(subscriptionId);
    }
    if (subscriptionIds.length + peers.length > 0) {
      log.error({ gate: subscriptionIds.length, wireguard: peers.length }, 'items were refused and left out');
    }
    if (!draft.isEmpty) journal.commit(draft.change());
  }

  #answer(): void {
    const { memory } = this.#parts;
    for (const { deltas, resolve } of this.#stored) {
      const ids = deltas.flatMap(({ devices }) => devices.map(({ id }) => id));
      const refusals = ids.flatMap((id) => {
        const reason = memory.refused.get(id);
        return reason === undefined ? [] : [{ id, reason }];
      });
      resolve({ refusals });
    }
    this.#stored = [];
  }

  #standingTurned(): boolean {
    const { validity } = this.#parts;
    const { standing } = validity;
    const patient = validity.patienceMs() > 0;
    const turned = standing !== this.#standing || patient !== this.#patient;
    this.#standing = standing;
    this.#patient = patient;
    return turned;
  }

  /** Grant elements end by themselves; while the controller is heard they are given their full time again. */
  async #renew(): Promise<void> {
    const { clock, journal, memory, gate, validity } = this.#parts;
    const validityMs = (journal.state.settings?.validitySeconds ?? 0) * 1000;
    const now = clock.monotonic();
    if (now - this.#renewedAt < validityMs / 2 || validity.remainingMs() === 0) return;
    await gate.renew(memory.gate, validity.remainingSeconds());
    this.#renewedAt = now;
  }

  #note(part: string, lines: readonly string[]): void {
    const { log, telemetry } = this.#parts;
    telemetry.driftRepaired += lines.length;
    for (const line of lines.slice(0, linesLogged)) log.warn({ part, mend: line }, 'mended');
    if (lines.length > linesLogged) log.warn({ part, more: lines.length - linesLogged }, 'mended');
  }
}

const noPeers: PeerPlan = { remove: [], upsert: [] };
