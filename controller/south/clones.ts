/** How long what was seen of a node's processes counts. */
const windowMs = 24 * 3600_000;
/**
 * So many returns are no accident. One process that is replaced never comes back; but its last words may be late on their
 * way, take over the stream, and be replaced once more: two returns for each such accident.
 */
const mostReturns = 4;
/** Processes remembered of one node: each restart is another one. */
const mostInstances = 64;

interface Seen {
  /** By process, the latest last: whether it was seen before another one. */
  readonly instances: string[];
  /** When processes came back after another one had taken over. */
  readonly returns: number[];
}

/**
 * Notices two agents that run with one identity: each is thrown out by the other and comes back, in turn. An honest
 * node's processes follow one another, and none comes back after the next. In memory only.
 */
export class CloneWatch {
  readonly #seen = new Map<string, Seen>();

  /** A process of this identity says Hello. True when there must be two at once. `identity`: of node and incarnation. */
  hello(identity: string, instance: string, nowMs: number): boolean {
    const { instances, returns } = this.#seen.get(identity) ?? { instances: [], returns: [] };
    const back = instances.at(-1) !== instance && instances.includes(instance);
    const recent = returns.filter((at) => nowMs - at < windowMs);
    if (back) recent.push(nowMs);
    const others = instances.filter((other) => other !== instance);
    this.#seen.set(identity, {
      instances: [...others, instance].slice(-mostInstances),
      returns: recent,
    });
    return recent.length >= mostReturns;
  }

  /** The identity is over. */
  forget(identity: string): void {
    this.#seen.delete(identity);
  }
}
