/** Ids per query: far below SQLite's and PostgreSQL's limits of parameters, and few distinct statements. */
const chunkSize = 500;

export function chunks<T>(items: readonly T[], size = chunkSize): T[][] {
  const all: T[][] = [];
  for (let start = 0; start < items.length; start += size) all.push(items.slice(start, start + size));
  return all;
}

/** Runs a query per chunk and joins the rows. */
export async function selectInChunks<Id, Row>(
  ids: readonly Id[],
  select: (chunk: Id[]) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const chunk of chunks(ids)) for (const row of await select(chunk)) rows.push(row);
  return rows;
}
