import type { Context } from '../books/context.ts';
import { joinTokenLifeMs, newJoinToken } from '../identity/token.ts';
import { findNode } from './find.ts';
import { loadNode } from './node-view.ts';
import type { Node } from './views.ts';

export function createJoinToken(
  context: Context,
  name: string,
): Promise<{ node: Node; token: string; expiresAt: number }> {
  return context.store.transaction(async (tx) => {
    const node = await findNode(tx, name);
    const now = context.clock.now();
    const expiresAt = now + joinTokenLifeMs;
    const { token, hash } = newJoinToken();
    // One that was redeemed stays until it expires: its node may still ask for the answer that was lost.
    await tx.db
      .deleteFrom('join_tokens')
      .where('node_id', '=', node.id)
      .where((row) => row.or([row('public_key_hash', 'is', null), row('expires_at', '<=', now)]))
      .execute();
    await tx.db.insertInto('join_tokens').values({ hash, node_id: node.id, expires_at: expiresAt }).execute();
    return { node: await loadNode(context, tx, node.id), token, expiresAt };
  });
}
