/** From where on changes are told: those of later revisions, and of this one those of later ids. */
export interface Place {
  readonly revision: bigint;
  /** undefined: of this revision, none. */
  readonly id: string | undefined;
}

/** Some of them, in the order of revisions and ids, and where the others begin. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** undefined: there are no others. */
  readonly next: Place | undefined;
}

/**
 * So many changes are told at once, and what comes after them is read when they are on their way: a node that reads slowly, or
 * not at all, then holds no more than these in memory, however large the fleet is.
 */
export const itemsOfPage: number = 250;

/** Two ranges of an index in which revision and id come last, so that neither reads what was told before. */
export async function readPage<Row extends { readonly id: string; readonly revision: bigint }>(
  after: Place,
  limit: number,
  read: (range: {
    readonly of: '=' | '>';
    readonly revision: bigint;
    readonly id: string;
    readonly limit: number;
  }) => Promise<readonly Row[]>,
): Promise<Page<Row>> {
  const { revision, id } = after;
  const same = id === undefined ? [] : await read({ of: '=', revision, id, limit });
  const left = limit - same.length;
  const later = left === 0 ? [] : await read({ of: '>', revision, id: '', limit: left });
  const items = [...same, ...later];
  const last = items.length === limit ? items.at(-1) : undefined;
  return { items, next: last && { revision: last.revision, id: last.id } };
}
