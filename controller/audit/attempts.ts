import type { NewEntry } from './record.ts';

type Attempt = Omit<NewEntry, 'times' | 'subject'>;

interface Window {
  readonly endsAt: number;
  readonly last: Attempt;
  readonly times: number;
}

const windowMs = 60_000;

/**
 * Refused attempts on their way to the log: the first is written at once, and what comes again within a minute as one
 * entry after it. Whoever knocks a million times adds two entries a minute.
 */
export class Attempts {
  readonly #windows = new Map<string, Window>();
  #over: Window[] = [];

  /** Whether the same was refused within the last minute: it is counted then. */
  isAgain(attempt: Attempt): boolean {
    const { actor, method, route, status, problem } = attempt;
    const name = JSON.stringify([actor.id, actor.uid, method, route, status, problem]);
    const window = this.#windows.get(name);
    if (window !== undefined && attempt.at < window.endsAt) {
      this.#windows.set(name, { ...window, last: attempt, times: window.times + 1 });
      return true;
    }
    if (window !== undefined) this.#over.push(window);
    this.#windows.set(name, { endsAt: attempt.at + windowMs, last: attempt, times: 0 });
    return false;
  }

  /** What came again in minutes that are over. */
  due(now: number): (Attempt & { readonly times: number })[] {
    for (const [name, window] of this.#windows) {
      if (window.endsAt > now) continue;
      this.#over.push(window);
      this.#windows.delete(name);
    }
    const over = this.#over.filter(({ times }) => times > 0);
    this.#over = [];
    return over.map(({ last, times }) => ({ ...last, times }));
  }
}
