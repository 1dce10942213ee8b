import { isIP } from 'node:net';
import type { DesiredDevice, DesiredSubscription } from '../desired/state.ts';
import { parseAddress } from '../gate/names.ts';
import { newAccount } from '../grants/account.ts';
import { greater } from '../grants/figures.ts';
import { grantLate } from '../grants/period.ts';
import type { Refusal } from '../south/ports.ts';
import type { Draft } from './draft.ts';
import type { Batch } from './inbox.ts';
import { meantBy } from './meant.ts';
import type { Memory } from './memory.ts';
import { addMember } from './memory.ts';
import { nextMoment } from './moments.ts';

/**
 * Takes what the controller said into the draft: removals first, then whole items. An item that cannot be on a node
 * beside the others is refused by name (`memory.refused`), and does not stop the others. Returns the subscriptions to
 * decide on.
 */
export function absorb(
  draft: Draft,
  memory: Memory,
  batch: Pick<Batch, 'deltas' | 'whole'>,
  ownPublicKey: string,
): ReadonlySet<string> {
  const touched = new Set<string>();
  const deltas = meantBy(draft, batch);
  for (const delta of deltas) {
    for (const id of delta.removedDeviceIds) {
      const device = draft.device(id);
      if (device) touched.add(device.subscriptionId);
      memory.refused.delete(id);
      draft.putDevice(id, undefined);
    }
    for (const id of delta.removedSubscriptionIds) {
      touched.add(id);
      draft.putSubscription(id, undefined);
    }
    for (const id of delta.erasedSubscriptionIds) {
      if (!draft.holds(id)) continue;
      touched.add(id);
      for (const device of draft.erase(id)) memory.refused.delete(device);
    }
    for (const item of delta.subscriptions) {
      touched.add(item.id);
      absorbGrant(draft, memory, item);
      draft.putSubscription(item.id, item);
      // In the past or not, this round looks at it.
      memory.nextMoment = Math.min(memory.nextMoment, nextMoment([item], Number.NEGATIVE_INFINITY));
    }
    for (const device of delta.devices) {
      const held = draft.device(device.id);
      // It would be of two subscriptions at once. What is held stays, and the digest says that it differs.
      if (held !== undefined && held.subscriptionId !== device.subscriptionId) continue;
      touched.add(device.subscriptionId);
      addMember(memory, device.subscriptionId, device.id);
      memory.refused.delete(device.id);
      draft.putDevice(device.id, canonical(device));
    }
  }
  const named = new Set(deltas.flatMap(({ devices }) => devices.map(({ id }) => id)));
  if (named.size > 0) refuse(memory, findConflicts(draft, named, ownPublicKey));
  return touched;
}

/**
 * Every figure counts for the period that it is of: whether the controller's word comes before our turn of the period
 * or after it, the accounts come out the same. An item of a later period waits for the turn (turn.ts).
 */
function absorbGrant(draft: Draft, memory: Memory, item: DesiredSubscription): void {
  const { id, period, grantedBytes, nextGrantedBytes, recall, voucher } = item;
  const account = draft.knownAccount(id) ?? newAccount(id, period);
  const closed = draft.closed(id, period);
  const later = closed && grantLate(closed, grantedBytes, recall, voucher);
  if (later && later !== closed) draft.putClosed(later);
  const granted =
    period === account.period ? grantedBytes : period + 1 === account.period ? nextGrantedBytes : 0n;
  const nextGranted = period === account.period ? nextGrantedBytes : 0n;
  if (granted > account.granted) memory.owing.delete(id);
  // Also where no grant rose: it says, too, how fast more may pass than is granted.
  const vouches = period === account.period ? granted >= account.granted : granted > account.granted;
  const told = {
    granted: greater(account.granted, granted),
    nextGranted: greater(account.nextGranted, nextGranted),
    voucher: vouches ? voucher : account.voucher,
  };
  const same =
    told.granted === account.granted &&
    told.nextGranted === account.nextGranted &&
    told.voucher === account.voucher;
  draft.putAccount(same ? account : { ...account, ...told });
}

/** Looks again at all that was refused: what stood in its way may have gone. */
export function recheck(draft: Draft, memory: Memory, ownPublicKey: string): void {
  const named = new Set(memory.refused.keys());
  // After a start nothing is known of refusals: then all of it is looked at.
  for (const device of memory.checked ? [] : draft.devices()) named.add(device.id);
  memory.checked = true;
  memory.refused.clear();
  if (named.size === 0) return;
  for (const id of named) {
    const device = draft.device(id);
    if (device) addMember(memory, device.subscriptionId, id);
  }
  refuse(memory, findConflicts(draft, named, ownPublicKey));
}

function refuse(memory: Memory, refusals: readonly Refusal[]): void {
  for (const { id, reason } of refusals) memory.refused.set(id, reason);
}

/** Addresses as the kernel prints them, so that they are found again in what it says. */
function canonical(device: DesiredDevice): DesiredDevice {
  try {
    const address4 = parseAddress(device.address4).address;
    const address6 = parseAddress(device.address6).address;
    return { ...device, address4, address6 };
  } catch {
    return device;
  }
}

/** Devices among `named` that cannot stand beside the others; of two new ones, the one that was made first stays. */
function findConflicts(draft: Draft, named: ReadonlySet<string>, ownPublicKey: string): Refusal[] {
  const latecomers = [...named].map((id) => draft.device(id)).filter((device) => device !== undefined);
  latecomers.sort((left, right) => Number(left.revision - right.revision));
  const holders = new Map<string, string>();
  let claimed: Set<string> | undefined;
  for (const device of draft.devices()) {
    if (named.has(device.id)) continue;
    claimed ??= new Set(latecomers.flatMap(claims));
    for (const claim of claims(device)) if (claimed.has(claim)) holders.set(claim, device.id);
  }
  const refusals: Refusal[] = [];
  for (const device of latecomers) {
    const reason = objection(draft, device, holders, ownPublicKey);
    if (reason !== undefined) refusals.push({ id: device.id, reason });
    else for (const claim of claims(device)) holders.set(claim, device.id);
  }
  return refusals;
}

function claims({ publicKey, address4, address6 }: DesiredDevice): string[] {
  return [publicKey, address4, address6];
}

function objection(
  draft: Draft,
  device: DesiredDevice,
  holders: ReadonlyMap<string, string>,
  ownPublicKey: string,
): string | undefined {
  if (isIP(device.address4) !== 4 || isIP(device.address6) !== 6) return 'its addresses are not addresses';
  if (device.publicKey === ownPublicKey) return 'its public key is the node’s own';
  const former = draft.meter(device.id)?.subscriptionId;
  if (former !== undefined && former !== device.subscriptionId) {
    return `it was of ${former} before, and usage is booked by device`;
  }
  for (const claim of claims(device)) {
    const holder = holders.get(claim);
    if (holder === undefined) continue;
    return claim === device.publicKey
      ? `its public key is that of ${holder}`
      : `its tunnel address is that of ${holder}`;
  }
  return undefined;
}
