import { fromBinary } from '@bufbuild/protobuf';
import { ReportResponseSchema } from '../../common/gen/turnpike/v1/usage_pb.ts';
import { reportMethod } from '../../common/grpc/report-method.ts';
import { type NodeMachine, placeOf } from './node-machine.ts';
import type { DeviceTruth } from './truth.ts';
import type { World } from './world.ts';

/** Something that must never be. */
export class Broken extends Error {}

interface GrantRow {
  readonly subscription_id: string;
  readonly node_id: string;
  readonly incarnation: bigint;
  readonly period: bigint;
  readonly multiplier: bigint;
  readonly granted: bigint;
  readonly used: bigint;
  readonly written_off: bigint;
  readonly released: bigint;
  readonly throttled: bigint;
}

interface UsageRow {
  readonly device_id: string;
  readonly node_id: string;
  readonly incarnation: bigint;
  readonly upload: bigint;
  readonly download: bigint;
}

/** Messages that may wait for a peer that does not read: HTTP/2's window, and a heartbeat or two. */
const mostWaiting = 48;
/** A node that has heard of a revocation closes the device well within this. */
const closingMs = 5_000;
/** A node to which a message in the middle of a stream was lost or late asks for everything again in this time. */
const resendMs = 15_000;
/** More may pass than there are seats for so long: the next reading, its report, the decision, its application. */
const seatSeconds = 6;

/** Holds the world against the promises, after each step of it. */
export class Watch {
  readonly #world: World;
  #totals = new Map<string, readonly bigint[]>();
  /** The highest report that each incarnation was told is booked. */
  #acknowledged = new Map<string, bigint>();
  readonly #heard = new Map<string, number>();
  /** Since when nothing disturbs; undefined: something does. */
  calmSince: number | undefined;
  /** The books forgot something: what they said before counts no more. */
  forgotten = false;
  /** Counters were destroyed, or an identity ended. */
  lossAllowed = false;
  /** The highest overshoot that was seen, of any subscription. */
  overshoot = 0n;

  constructor(world: World) {
    this.#world = world;
    world.controllerDisk.onCommitted = () => this.#afterCommit();
    world.onAccepted = (node, device) => this.#accepted(node, device);
  }

  follow(node: NodeMachine): void {
    const { link } = node.options;
    link.onResponse = (path, bytes) => {
      if (path !== reportMethod.path) return;
      const { number } = fromBinary(ReportResponseSchema, bytes);
      const place = placeOf(node.identity);
      if (number > (this.#acknowledged.get(place) ?? 0n)) this.#acknowledged.set(place, number);
      this.#durable();
    };
  }

  forget(): void {
    this.#totals = new Map();
    this.#acknowledged = new Map();
    this.forgotten = true;
  }

  afterEvent(): void {
    const { truth, links, nodes } = this.#world;
    for (const subscription of truth.subscriptions.values()) {
      if (subscription.beyond !== 'nothing') continue;
      const over = truth.accepted(subscription.id) - this.#world.soldSoFar(subscription);
      if (over > this.overshoot) this.overshoot = over;
      if (over > 0n) throw new Broken(`${over} bytes passed beyond the volume of ${subscription.id}`);
    }
    for (const node of nodes) this.#armed(node);
    for (const { mostWaiting: most } of links) {
      if (most > mostWaiting) throw new Broken(`${most} messages wait for a peer that does not read`);
    }
    this.#seats();
  }

  /** No byte passes that was not armed, on disk, before. */
  #armed(node: NodeMachine): void {
    const { journal, identity } = node;
    const place = placeOf(identity);
    if (journal === undefined || node.clone || node.place !== place) return;
    const { truth } = this.#world;
    const { accounts, past } = journal.state;
    let accepted = 0n;
    let bound = past.upload + past.download + past.writtenOff;
    for (const { subscriptionId, period, upload, download } of journal.state.meters.values()) {
      // A device that was removed: what it used in a period that is over is no matter of the account any more.
      if (period < (accounts.get(subscriptionId)?.period ?? 0)) bound += upload + download;
    }
    for (const { id, beyond } of truth.subscriptions.values()) {
      // What passes beyond a grant was not armed.
      if (beyond !== 'nothing') continue;
      const account = accounts.get(id);
      const here = truth.acceptedOn(place, id);
      accepted += here;
      bound += (account?.armed ?? 0n) + (account?.writtenOff ?? 0n);
      if (this.#world.options.periodMs !== undefined) continue;
      const most = (account?.armed ?? 0n) + (account?.writtenOff ?? 0n);
      if (here > most) throw new Broken(`${node.name}: ${here} bytes of ${id} passed, ${most} were armed`);
    }
    if (accepted > bound) throw new Broken(`${node.name}: ${accepted} bytes passed, ${bound} were armed`);
  }

  #accepted(node: NodeMachine, device: DeviceTruth): void {
    const { revokedAt } = device;
    const key = `${node.name} ${device.id}`;
    const heard = revokedAt !== undefined && (node.journal?.state.revision ?? -1n) >= revokedAt;
    if (!heard) {
      this.#heard.delete(key);
      return;
    }
    const now = this.#world.timeline.now;
    const whole = node.options.link.toNode.disorderedAt + resendMs;
    const since = Math.max(this.#heard.get(key) ?? now, node.startedAt, whole);
    this.#heard.set(key, since);
    if (now - since > closingMs)
      throw new Broken(`${device.id} passes on ${node.name}, which heard that it is revoked`);
  }

  #seats(): void {
    const { timeline, truth } = this.#world;
    const second = Math.floor(timeline.now / 1000);
    const calm = this.calmSince !== undefined && timeline.now - this.calmSince > (seatSeconds + 20) * 1000;
    if (!calm) return;
    for (const { id, maxConnections, devices } of truth.subscriptions.values()) {
      if (maxConnections === null) continue;
      let crowded = 0;
      for (let n = 1; n <= seatSeconds; n += 1) {
        const passing = truth.passingIn(second - n);
        if (devices.filter((device) => passing.has(device)).length > maxConnections) crowded += 1;
      }
      if (crowded === seatSeconds) throw new Broken(`more devices of ${id} pass than it has seats`);
    }
  }

  #changes = 0n;

  #afterCommit(): void {
    const { truth } = this.#world;
    const changes = this.#world.rows<{ n: bigint }>('SELECT total_changes() AS n')?.[0]?.n ?? 0n;
    if (changes === this.#changes) return;
    this.#changes = changes;
    const grants = this.#world.rows<GrantRow>('SELECT * FROM grants') ?? [];
    const claims = new Map<string, bigint>();
    for (const row of grants) {
      const { subscription_id: id, node_id, incarnation, period } = row;
      this.#grown(`grant ${id} ${node_id} ${incarnation} ${period}`, [
        ...[row.granted, row.used, row.written_off, row.released, row.throttled],
      ]);
      const claimed = ((row.granted - row.released - row.throttled) * row.multiplier + 999n) / 1000n;
      claims.set(`${id} ${period}`, (claims.get(`${id} ${period}`) ?? 0n) + claimed);
    }
    if (!this.forgotten) this.#volumes(claims);
    const billed = new Map<string, { upload: bigint; download: bigint }>();
    for (const row of this.#world.rows<UsageRow>('SELECT * FROM usage') ?? []) {
      const place = `${row.node_id}/${row.incarnation} ${row.device_id}`;
      const one = billed.get(place) ?? { upload: 0n, download: 0n };
      billed.set(place, { upload: one.upload + row.upload, download: one.download + row.download });
    }
    for (const [place, { upload, download }] of billed) {
      const [incarnation = '', device = ''] = place.split(' ');
      this.#grown(`usage ${place}`, [upload, download]);
      const accepted = truth.acceptedOf(incarnation, device);
      if (upload > accepted.upload || download > accepted.download) {
        throw new Broken(`${device} is billed for more than passed on ${incarnation}`);
      }
    }
    this.#days();
    this.#durable();
  }

  /** What each day was billed is, together, what each period was. */
  #days(): void {
    const wrong = this.#world.rows<{ id: string; period: bigint }>(
      `SELECT g.subscription_id AS id, g.period FROM grants g GROUP BY 1, 2
       HAVING sum(g.used) <> (SELECT coalesce(sum(d.upload + d.download), 0) FROM usage_days d
                              WHERE d.subscription_id = g.subscription_id AND d.period = g.period)`,
    );
    for (const { id, period } of wrong ?? []) {
      throw new Broken(`the days of period ${period} of ${id} are not its bill`);
    }
  }

  /** settled + reserved ≤ volume. */
  #volumes(claims: ReadonlyMap<string, bigint>): void {
    const rows =
      this.#world.rows<{ id: string; period: bigint; volume: bigint; packs: bigint | null }>(
        `SELECT subscription_id AS id, number AS period, volume + carried_in - withdrawn AS volume,
                (SELECT sum(bytes - taken) FROM adjustments a
                 WHERE a.subscription_id = p.subscription_id AND kind = 'pack') AS packs
         FROM periods p WHERE volume IS NOT NULL`,
      ) ?? [];
    for (const { id, period, volume, packs } of rows) {
      // The books follow what passed.
      if (this.#world.truth.subscriptions.get(id)?.beyond === 'freely') continue;
      const most = volume + (packs ?? 0n);
      const claimed = claims.get(`${id} ${period}`) ?? 0n;
      if (claimed > most) throw new Broken(`${claimed} of ${most} bytes of ${id} are spoken for`);
    }
  }

  #grown(key: string, totals: readonly bigint[]): void {
    const before = this.#totals.get(key);
    if (before?.some((total, n) => total > (totals[n] as bigint))) {
      throw new Broken(`totals shrank: ${key}: ${before.join(' ')} became ${totals.join(' ')}`);
    }
    this.#totals.set(key, totals);
  }

  /** What was acknowledged is in the database. */
  #durable(): void {
    const rows = this.#world.rows<{ node_id: string; incarnation: bigint; last_report: bigint }>(
      'SELECT node_id, incarnation, last_report FROM incarnations',
    );
    for (const { node_id, incarnation, last_report } of rows ?? []) {
      const told = this.#acknowledged.get(`${node_id}/${incarnation}`) ?? 0n;
      if (last_report < told) throw new Broken(`report ${told} was acknowledged and is not in the database`);
    }
  }
}
