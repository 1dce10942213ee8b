import { termOf } from '../../common/term.ts';
import { servingIncarnation } from '../accounting/incarnation.ts';
import type { Context } from '../books/context.ts';
import { loadHold } from '../hold/hold.ts';
import type { Catchup, CatchupPlace, DesiredState, NodeIdentity } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';
import { makeDeltas } from './deltas.ts';
import {
  beginDraft,
  computeDigest,
  countSlices,
  type DigestDraft,
  finishDigest,
  readDraft,
} from './digest.ts';
import type { Holder } from './items.ts';
import { loadPart } from './part.ts';
import { loadSettings } from './settings.ts';

/** By node: the digest as of a revision, so that a change elsewhere costs this node nothing. */
type Digests = Map<string, { incarnation: number; revision: bigint; digest: Uint8Array }>;

/** With a draft, it is made whole. */
type DigestWish = 'none' | 'at once' | DigestDraft;

interface Answer {
  readonly catchup: Catchup;
  /** The digest that was wished takes too long at once: this is to be read on before. */
  readonly draft?: DigestDraft;
}

/** So often what changed meanwhile is read again. */
const mostRounds = 6;

export function createDesiredState(context: Context): DesiredState {
  const { store } = context;
  const digests: Digests = new Map();
  return {
    settings: (nodeId) => store.transaction((tx) => loadSettings(context, tx, nodeId)),
    since: async (identity, revision, want) => {
      let wish: DigestWish = (want?.digest ?? true) ? 'at once' : 'none';
      for (let round = 1; ; round += 1) {
        const { catchup, draft } = await store.transaction((tx) =>
          since(context, tx, digests, identity, { revision, from: want?.from }, wish),
        );
        // Where more changes than is read meanwhile, as in a large import, the digest comes with a later one.
        if (draft === undefined || round > mostRounds) return catchup;
        wish = await readDraft(store, draft);
      }
    },
    onChange: (listener) => store.onRevision(listener),
  };
}

async function since(
  context: Context,
  tx: Tx,
  digests: Digests,
  identity: NodeIdentity,
  { revision, from }: { readonly revision: bigint; readonly from: CatchupPlace | undefined },
  wish: DigestWish,
): Promise<Answer> {
  const incarnation = await servingIncarnation(tx, identity);
  const fleet = await tx.db
    .selectFrom('fleet')
    .select(['revision', 'released_revision'])
    .executeTakeFirstOrThrow();
  const node = await tx.db
    .selectFrom('nodes')
    .where('id', '=', identity.nodeId)
    .select(['group_id', 'floor_revision'])
    .executeTakeFirstOrThrow();
  const holder: Holder = {
    nodeId: identity.nodeId,
    incarnation: identity.incarnation,
    groupId: node.group_id,
    sinceRevision: incarnation.since_revision,
    hold: await loadHold(tx),
  };
  // What a node heard in an earlier term may have been forgotten here, and something else assigned in its place.
  const sameTerm = termOf(revision) === termOf(fleet.revision);
  const whole = from?.whole ?? revision < fleet.released_revision;
  const known = from?.known ?? (sameTerm && !whole && revision >= node.floor_revision ? revision : 0n);
  const { items, next } = await loadPart(context, tx, holder, known, from);
  const reached = from?.reached ?? fleet.revision;
  const deltas = makeDeltas(items);
  const catchup = { deltas, revision: reached, digest: undefined, whole };
  if (next !== undefined) return { catchup: { ...catchup, next: { known, reached, whole, ...next } } };
  // It is not as of one moment, and what changed since the first part is still to come.
  if (from !== undefined) return { catchup };
  // What else it has is not known.
  if (holder.hold) return { catchup: { ...catchup, digest: new Uint8Array() } };
  const memo = digests.get(holder.nodeId);
  const unchanged =
    deltas.length === 0 && memo?.incarnation === holder.incarnation && memo.revision === known;
  if (!unchanged && wish === 'none') return { catchup };
  let digest = unchanged ? memo.digest : undefined;
  if (digest === undefined) {
    const slices = await countSlices(tx);
    // Whoever asks for everything is not asked to wait for it twice.
    if (slices > 1 && known === 0n) return { catchup };
    if (slices === 1) digest = await computeDigest(tx, holder);
    else if (typeof wish === 'string') return { catchup, draft: beginDraft(holder, fleet.revision, slices) };
    else {
      const finished = await finishDigest(tx, holder, wish, fleet.revision);
      if (!(finished instanceof Uint8Array)) return { catchup, draft: finished };
      digest = finished;
    }
  }
  digests.set(holder.nodeId, { incarnation: holder.incarnation, revision: fleet.revision, digest });
  return { catchup: { ...catchup, digest } };
}
