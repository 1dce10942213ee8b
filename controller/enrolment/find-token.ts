import type { IssuedCertificate, JoinToken } from '../south/ports.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

export type FoundToken = Row<'join_tokens'> & { node_name: string };

export function findToken({ db }: Tx, hash: Uint8Array): Promise<FoundToken | undefined> {
  return db
    .selectFrom('join_tokens')
    .innerJoin('nodes', 'nodes.id', 'join_tokens.node_id')
    .where('hash', '=', hash)
    .where('nodes.removed_at', 'is', null)
    .selectAll('join_tokens')
    .select('nodes.name as node_name')
    .executeTakeFirst();
}

export function toJoinToken(row: FoundToken): JoinToken {
  return {
    nodeId: row.node_id,
    nodeName: row.node_name,
    expiresAt: row.expires_at,
    publicKeyHash: row.public_key_hash ?? undefined,
    certificate: certificateOf(row),
    incarnation: row.incarnation ?? undefined,
  };
}

export function certificateOf(row: FoundToken): IssuedCertificate | undefined {
  const { certificate_serial: serial, certificate_der: der, certificate_not_after: notAfter } = row;
  return serial === null || der === null || notAfter === null ? undefined : { serial, der, notAfter };
}
