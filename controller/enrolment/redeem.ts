import { TurnpikeError } from '../../common/errors.ts';
import { termOf } from '../../common/term.ts';
import { endIncarnation } from '../accounting/end-incarnation.ts';
import { addMissingGrants } from '../accounting/grant-rows.ts';
import { turnLedger } from '../accounting/turn.ts';
import { identitySubject, noteRemoved } from '../backup/removals.ts';
import type { Context } from '../books/context.ts';
import type { IssuedCertificate, NodeIdentity } from '../south/ports.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { recordCertificate } from './certificates.ts';
import { certificateOf, type FoundToken, findToken } from './find-token.ts';

const incarnationsPerTerm = 2 ** 16;

export interface Redemption {
  readonly hash: Uint8Array;
  readonly publicKeyHash: Uint8Array;
  readonly issue: (identity: NodeIdentity) => Promise<IssuedCertificate>;
}

export interface Redeemed {
  readonly identity: NodeIdentity;
  readonly certificate: IssuedCertificate;
}

/** @throws TurnpikeError `unauthenticated` when the token is unknown, expired, or was used with another key. */
export async function redeem(context: Context, tx: Tx, redemption: Redemption): Promise<Redeemed> {
  const token = await findToken(tx, redemption.hash);
  if (token === undefined) throw refused('is not known');
  if (token.expires_at <= context.clock.now()) throw refused('has expired');
  const node = await tx.db
    .selectFrom('nodes')
    .where('id', '=', token.node_id)
    .selectAll()
    .executeTakeFirstOrThrow();
  if (token.public_key_hash !== null) return redeemAgain(token, node, redemption);
  const identity = await beginIncarnation(context, tx, node);
  const certificate = await redemption.issue(identity);
  await recordCertificate(tx, identity, certificate);
  await tx.db
    .updateTable('join_tokens')
    .set({
      public_key_hash: redemption.publicKeyHash,
      incarnation: identity.incarnation,
      certificate_serial: certificate.serial,
      certificate_der: certificate.der,
      certificate_not_after: certificate.notAfter,
    })
    .where('hash', '=', redemption.hash)
    .execute();
  return { identity, certificate };
}

/** The answer was lost, and the same node asks for it again. */
function redeemAgain(token: FoundToken, node: Row<'nodes'>, { publicKeyHash }: Redemption): Redeemed {
  const certificate = certificateOf(token);
  if (Buffer.compare(token.public_key_hash ?? Buffer.alloc(0), publicKeyHash) !== 0 || !certificate) {
    throw refused('was used already, with another key');
  }
  if (token.incarnation !== node.incarnation) throw refused('was followed by a later one');
  return {
    identity: { nodeId: node.id, nodeName: node.name, incarnation: node.incarnation },
    certificate,
  };
}

async function beginIncarnation(context: Context, tx: Tx, node: Row<'nodes'>): Promise<NodeIdentity> {
  if (node.incarnation > 0) {
    const replaced = { nodeId: node.id, incarnation: node.incarnation };
    await endIncarnation(context, tx, replaced);
    const at = context.clock.now();
    await noteRemoved(context, tx, { kind: 'identity', subject: identitySubject(replaced), at });
  }
  const revision = await tx.revision();
  // None that was given out since the backup and is forgotten now: that one may be a machine's that was stolen.
  const incarnation = Math.max(node.incarnation, termOf(revision) * incarnationsPerTerm) + 1;
  await tx.db
    .insertInto('incarnations')
    .values({
      node_id: node.id,
      incarnation,
      last_report: 0n,
      since_revision: revision,
      // It begins from nothing: there is nothing to tell.
      told_term: termOf(revision),
      created_at: context.clock.now(),
    })
    .execute();
  await tx.db.updateTable('nodes').set({ incarnation }).where('id', '=', node.id).execute();
  // What was left behind by an earlier group is not on a machine that starts from nothing.
  await tx.db.deleteFrom('departures').where('node_id', '=', node.id).execute();
  await reserveAllowances(context, tx, node.id, incarnation);
  return { nodeId: node.id, nodeName: node.name, incarnation };
}

async function reserveAllowances(
  context: Context,
  tx: Tx,
  nodeId: string,
  incarnation: number,
): Promise<void> {
  await addMissingGrants(tx, { nodeId });
  const rows = await tx.db
    .selectFrom('grants')
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .select('subscription_id')
    .distinct()
    .execute();
  await turnLedger(
    context,
    tx,
    rows.map((row) => row.subscription_id),
  );
}

function refused(why: string): TurnpikeError {
  return new TurnpikeError('unauthenticated', `this join token ${why}`, {
    remedy: 'make a new one with "turnpike node token NODE"',
  });
}
