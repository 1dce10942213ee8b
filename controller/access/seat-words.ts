/** A device that holds a seat. */
export interface SeatHolder {
  readonly id: string;
  /** As people are told of it: {@link nameDevice}. */
  readonly name: string;
  /** Its key is used on two devices, and the tariff counts that. */
  readonly countsTwice: boolean;
  /** Name of the node out of contact on which it holds its seat; null: the node is there. */
  readonly awayNode: string | null;
}

export interface SeatUse {
  readonly limit: number;
  readonly holders: readonly SeatHolder[];
  readonly policy: 'reject-new' | 'evict-oldest';
  /** Ids of the parked devices in question that need two seats, for the same reason as holders that count twice. */
  readonly needTwo: readonly string[];
}

/** A line has to be read: of more there is a number only. */
const namedAtMost = 8;

export function nameDevice({ id, label }: { readonly id: string; readonly label: string | null }): string {
  return label === null ? id : `${label} (${id})`;
}

/** The first ones, and how many more there are. */
export function listNames(names: readonly string[]): string {
  const more = names.length - namedAtMost;
  return `${names.slice(0, namedAtMost).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** How many are in use, and by whom. */
export function describeSeatUse({ limit, holders }: SeatUse): string {
  const used = holders.reduce((sum, { countsTwice }) => sum + (countsTwice ? 2 : 1), 0);
  return `${describeCount(limit, used)} in use${describeHolders(holders)}`;
}

/** Right after a restart nobody may be known to hold one. */
function describeCount(limit: number, used: number): string {
  if (limit === 1) return 'the one connection of the tariff is';
  if (used === 0 || used >= limit) return `all ${limit} connections of the tariff are`;
  return `${used} of ${limit} connections of the tariff ${used === 1 ? 'is' : 'are'}`;
}

function describeHolders(holders: readonly SeatHolder[]): string {
  if (holders.length === 0) return '';
  const names = inOrder(holders).map(({ name, countsTwice }) =>
    countsTwice ? `${name}, which counts twice as its key is used in two places at once` : name,
  );
  return `, by ${listNames(names)}`;
}

/** Those at fault come first. */
function inOrder(holders: readonly SeatHolder[]): readonly SeatHolder[] {
  return [
    ...holders.filter(({ countsTwice }) => countsTwice),
    ...holders.filter(({ countsTwice }) => !countsTwice),
  ];
}

/** What gives a seat to one that is parked. */
export function describeSeatMend(use: SeatUse): string {
  const { holders, policy, needTwo } = use;
  const twice = [...needTwo, ...holders.flatMap(({ id, countsTwice }) => (countsTwice ? [id] : []))];
  const rekeys = twice.slice(0, namedAtMost).map((id) => `turnpike device rekey ${id}`);
  const rekey =
    rekeys.length === 0 ? '' : `${rekeys.join(', ')}, and configure one place only: that counts once; or `;
  const sooner =
    policy === 'evict-oldest'
      ? 'nothing needs to be done: one that sends takes the seat of the device connected longest, once that has been connected for 60 s; one that lost its own seat waits 60 s'
      : 'disconnect one of the devices that use them: the next one opens by itself, 60 s after its last traffic; or sell more connections';
  const patient =
    policy === 'evict-oldest' && needTwo.length > 0
      ? '; one that counts twice takes none by force, and waits until there are two'
      : '';
  return rekey + sooner + patient + describeAway(use);
}

/** Seats on a node that cannot say who is there still: neither free in time, nor taken by force. */
function describeAway({ holders }: SeatUse): string {
  const nodes = [...new Set(holders.flatMap(({ awayNode }) => awayNode ?? []))];
  if (nodes.length === 0) return '';
  return `; a seat on ${nodes.join(', ')}, out of contact, stays in use until 180 s after contact was lost, whatever its device does`;
}
