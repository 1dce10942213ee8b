import type { PageFilter } from '../catalogue/catalogue.ts';
import { type Json, toJson } from './json.ts';
import { pageLimit } from './schemas/requests.ts';

/** Cuts a list into pages. The cursor is the id of a page's last item; callers are to take it as it comes. */
export async function listPage<Item extends { readonly id: string }>(
  query: { readonly limit?: number; readonly cursor?: string },
  list: (page: Required<Pick<PageFilter, 'limit'>> & PageFilter) => Promise<Item[]>,
): Promise<{ items: Json<Item>[]; next: string | null }> {
  const { limit = pageLimit, cursor } = query;
  // One more than was asked for tells whether there is a next page.
  const found = await list({ limit: limit + 1, ...(cursor === undefined ? {} : { after: cursor }) });
  const items = found.slice(0, limit);
  const next = found.length > limit ? (items.at(-1)?.id ?? null) : null;
  return { items: items.map((item) => toJson(item)), next };
}
