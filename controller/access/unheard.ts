import { formatSize } from '../../common/bytes.ts';
import { showTime } from '../calendar/show-time.ts';
import type { Access, Reason } from '../catalogue/views.ts';
import { packet, type ReasonCode } from './reason-words.ts';

/** A node out of contact, as far as it may still let pass what is closed. */
export interface AwayNode {
  readonly name: string;
  /** It said before that it has in force what closed it. */
  readonly told: boolean;
  /** What it holds of the volume; null: what passes there is not bounded by that (unlimited, observed, throttled). */
  readonly heldBytes: bigint | null;
  /** When what it holds ends at the latest; milliseconds since 1970; null: without contact it goes on (unlimited). */
  readonly validUntil: number | null;
}

/** What a node must be told of. */
const byWord: ReadonlySet<ReasonCode> = new Set([
  'suspension',
  'account-suspension',
  'cancelled',
  'expired',
  'removed',
  'replaced',
]);

/** Whether it may pass there in spite of this reason. Of seats each node has a patience of its own: of them nothing is said. */
function isUnsure({ code }: Reason, { told }: AwayNode): boolean {
  // What a node holds of a volume passes, whatever it was told.
  return code === 'volume' || (byWord.has(code) && !told);
}

/** Nothing passes there. */
function isSpent({ heldBytes, validUntil }: AwayNode, now: number): boolean {
  return (heldBytes !== null && heldBytes < packet) || (validUntil !== null && validUntil <= now);
}

/**
 * Names at each reason the nodes on which it is closed for sure, where others may not have heard of it.
 * `serving`: names of all nodes that have joined its group. `away`: those of them that are out of contact.
 */
export function placeReasons(
  access: Access,
  serving: readonly string[],
  away: readonly AwayNode[],
  now: number,
): Access {
  const live = away.filter((node) => !isSpent(node, now));
  const place = (reason: Reason): Reason => {
    const unsure = live.filter((node) => isUnsure(reason, node)).map(({ name }) => name);
    return unsure.length === 0
      ? reason
      : { ...reason, nodes: (reason.nodes ?? serving).filter((name) => !unsure.includes(name)) };
  };
  return { ...access, reasons: access.reasons.map(place) };
}

/** How many nodes are named one by one. */
const named = 3;

/** Which nodes may let pass what is closed, until when and how much; empty where none may. Added to a verdict. */
export function describeUnheard(access: Access, away: readonly AwayNode[], now: number): string {
  const reasons = access.reasons.filter(({ code }) => byWord.has(code) || code === 'volume');
  if (reasons.length === 0 || reasons.length < access.reasons.length) return '';
  const unheard = away.filter(
    (node) => !isSpent(node, now) && reasons.every((reason) => isUnsure(reason, node)),
  );
  const ended = reasons.some(({ code }) => code === 'expired');
  const words = unheard.slice(0, named).map((node) => (ended ? describeEnding(node) : describePassing(node)));
  const more = unheard.length - words.length;
  return [...words, ...(more > 0 ? [`so it is with ${more} more nodes`] : [])]
    .map((one) => `; ${one}`)
    .join('');
}

/** Nodes close by themselves at the end; only of one that was put sooner meanwhile they cannot know. */
function describeEnding({ name }: AwayNode): string {
  return `${name} is out of contact, and closes it by itself at the end that it was told last`;
}

function describePassing({ name, heldBytes, validUntil }: AwayNode): string {
  const until = validUntil === null ? '' : `, or ${showMinuteAfter(validUntil)} at the latest`;
  const most = heldBytes === null ? '' : `, at most what it holds (${formatSize(heldBytes)})`;
  return `${name} is out of contact and may let it pass until it returns${until}${most}`;
}

/** Rounded up, so that it is true. */
function showMinuteAfter(at: number): string {
  return showTime(Math.ceil(at / 60_000) * 60_000);
}
