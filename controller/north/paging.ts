import type { PageFilter } from '../catalogue/catalogue.ts';
import { cursorOf, type Listed } from '../catalogue/cursor.ts';
import type { List } from '../catalogue/order.ts';
import { type Json, toJson } from './json.ts';
import { pageLimit } from './schemas/requests.ts';

/** Cuts a list into pages. */
export async function listPage<Item extends Listed>(
  list: List,
  query: { readonly limit?: number; readonly cursor?: string; readonly search?: string },
  load: (page: Required<Pick<PageFilter, 'limit'>> & PageFilter) => Promise<Item[]>,
): Promise<{ items: Json<Item>[]; next: string | null }> {
  const { limit = pageLimit, cursor, search } = query;
  // One more than was asked for tells whether there is a next page.
  const found = await load({ limit: limit + 1, ...(cursor === undefined ? {} : { after: cursor }) });
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  const next = last === undefined ? null : cursorOf(list, last, search);
  return { items: items.map((item) => toJson(item)), next };
}
