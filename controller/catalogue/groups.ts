import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Context } from '../books/context.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { GroupSettings, PageFilter } from './catalogue.ts';
import { afterCursor } from './cursor.ts';
import { changeEnforcement } from './enforcement.ts';
import { findGroup } from './find.ts';
import { parseGroupSettings } from './group-settings.ts';
import { noLimit } from './paging.ts';
import type { Group } from './views.ts';
import { parseName } from './words.ts';

export const defaultGroup = 'default';

const defaults = {
  enforcement: 'inherit',
  dns: [],
  // What WireGuard leaves of 1500 over IPv6.
  mtu: 1420,
  allowedIps: ['0.0.0.0/0', '::/0'],
  // NAT on the customer's side forgets them otherwise.
  keepaliveSeconds: 25,
} as const satisfies Required<GroupSettings>;

export function addGroup({ store, clock }: Context, input: { name: string } & GroupSettings): Promise<Group> {
  const name = parseName('group', input.name);
  const settings = parseGroupSettings(input);
  return store.transaction(async (tx) => {
    const known = await tx.db.selectFrom('groups').where('name', '=', name).select('id').executeTakeFirst();
    if (known) throw new TurnpikeError('conflict', `there is a group "${name}" already: ${known.id}`);
    return toGroup(await insertGroup(tx, name, settings, clock.now()));
  });
}

/** At the first start: tariffs and nodes are in it unless told. */
export async function addDefaultGroup(tx: Tx, now: number): Promise<void> {
  const some = await tx.db.selectFrom('groups').select('id').limit(1).executeTakeFirst();
  if (some === undefined) await insertGroup(tx, defaultGroup, {}, now);
}

export function listGroups({ store }: Context, page: PageFilter = {}): Promise<Group[]> {
  return store.transaction(async (tx) => {
    let query = tx.db.selectFrom('groups').selectAll().orderBy('created_at').orderBy('id');
    if (page.after !== undefined) query = query.where(afterCursor('groups', page.after));
    return (await query.limit(page.limit ?? noLimit).execute()).map(toGroup);
  });
}

export function getGroup({ store }: Context, group: string): Promise<Group> {
  return store.transaction(async (tx) => toGroup(await findGroup(tx, group)));
}

export function setGroup(context: Context, group: string, input: GroupSettings): Promise<Group> {
  const settings = parseGroupSettings(input);
  return context.store.transaction(async (tx) => {
    const { id } = await findGroup(tx, group);
    const { dns, mtu, allowedIps, keepaliveSeconds, enforcement } = settings;
    // Its nodes are told of the MTU.
    await tx.revision();
    await tx.db
      .updateTable('groups')
      .set({
        id,
        ...(dns && { dns: JSON.stringify(dns) }),
        ...(mtu !== undefined && { mtu }),
        ...(allowedIps && { allowed_ips: JSON.stringify(allowedIps) }),
        ...(keepaliveSeconds !== undefined && { keepalive_seconds: keepaliveSeconds }),
      })
      .where('id', '=', id)
      .execute();
    if (enforcement !== undefined) await changeEnforcement(context, tx, { enforcement, groupId: id });
    return toGroup(await findGroup(tx, id));
  });
}

async function insertGroup(
  tx: Tx,
  name: string,
  settings: GroupSettings,
  now: number,
): Promise<Row<'groups'>> {
  const { enforcement, dns, mtu, allowedIps, keepaliveSeconds } = { ...defaults, ...settings };
  const row = {
    id: newId('grp'),
    name,
    enforcement,
    dns: JSON.stringify(dns),
    allowed_ips: JSON.stringify(allowedIps),
    mtu,
    keepalive_seconds: keepaliveSeconds,
    created_at: now,
  };
  await tx.db.insertInto('groups').values(row).execute();
  return row;
}

export function toGroup(row: Row<'groups'>): Group {
  return {
    id: row.id,
    name: row.name,
    enforcement: row.enforcement,
    dns: JSON.parse(row.dns) as string[],
    mtu: row.mtu,
    allowedIps: JSON.parse(row.allowed_ips) as string[],
    keepaliveSeconds: row.keepalive_seconds,
    createdAt: row.created_at,
  };
}
