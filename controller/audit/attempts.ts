import type { NewEntry } from './record.ts';

export interface Attempt extends Omit<NewEntry, 'times' | 'subject'> {
  /** Of what it named that is there, by parameter. */
  readonly ids: Readonly<Record<string, string>>;
}

interface Window {
  readonly endsAt: number;
  readonly last: Attempt;
  readonly times: number;
}

const windowMs = 60_000;

/** What one caller tries on more things than these within a minute is counted together, so that the disk does not fill. */
export const mostSubjects = 100;

/**
 * Refused attempts on their way to the log: the first is written at once, and what comes again within a minute as one
 * entry after it. Whoever knocks a million times adds two entries a minute; on each of many things, two for each of
 * {@link mostSubjects}.
 */
export class Attempts {
  readonly #windows = new Map<string, Window>();
  /** How many windows are of something that is there, by caller. */
  readonly #subjects = new Map<string, number>();
  #over: Window[] = [];

  /** What is to be written at once; undefined: the same was refused within the last minute, and is counted. */
  take(attempt: Attempt): Attempt | undefined {
    const name = nameOf(attempt);
    const window = this.#windows.get(name);
    if (window !== undefined && attempt.at < window.endsAt) {
      this.#windows.set(name, { ...window, last: attempt, times: window.times + 1 });
      return undefined;
    }
    if (window !== undefined) this.#over.push(window);
    else if (isOfSomething(attempt)) {
      const open = this.#subjects.get(callerOf(attempt)) ?? 0;
      if (open >= mostSubjects) return this.take({ ...attempt, ids: {} });
      this.#subjects.set(callerOf(attempt), open + 1);
    }
    this.#windows.set(name, { endsAt: attempt.at + windowMs, last: attempt, times: 0 });
    return attempt;
  }

  /** What came again in minutes that are over. */
  due(now: number): (Attempt & { readonly times: number })[] {
    for (const [name, window] of this.#windows) {
      if (window.endsAt > now) continue;
      this.#over.push(window);
      this.#windows.delete(name);
      this.#forget(window.last);
    }
    const over = this.#over.filter(({ times }) => times > 0);
    this.#over = [];
    return over.map(({ last, times }) => ({ ...last, times }));
  }

  #forget(attempt: Attempt): void {
    if (!isOfSomething(attempt)) return;
    const caller = callerOf(attempt);
    const open = (this.#subjects.get(caller) ?? 0) - 1;
    if (open > 0) this.#subjects.set(caller, open);
    else this.#subjects.delete(caller);
  }
}

function nameOf({ actor, method, route, status, problem, ids }: Attempt): string {
  return JSON.stringify([actor.id, actor.uid, method, route, status, problem, Object.entries(ids).sort()]);
}

function callerOf({ actor }: Attempt): string {
  return JSON.stringify([actor.id, actor.uid]);
}

function isOfSomething({ ids }: Attempt): boolean {
  return Object.keys(ids).length > 0;
}
