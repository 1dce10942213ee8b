import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';

/** Measures which of the project's code ran, by V8's own counters. */
export class Coverage {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /**
   * Of the functions in these files, the share of their text that ran since the last time, from 0 to 1; undefined when
   * none of the files was loaded.
   */
  async take(root: URL, files: readonly string[]): Promise<number | undefined> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const wanted = new Set(files.map((file) => new URL(file, root).href));
    const found = result.filter(({ url }) => wanted.has(url)).map(countScript);
    if (found.length === 0) return undefined;
    const sum = (key: 'ran' | 'all') => found.reduce((total, count) => total + count[key], 0);
    return sum('ran') / sum('all');
  }

  stop(): void {
    this.#session.disconnect();
  }
}

function countScript({ functions }: Profiler.ScriptCoverage): { ran: number; all: number } {
  const state = new Map<number, boolean>();
  // The first is the module itself, which runs when it is loaded; inner ranges come after outer ones.
  for (const { ranges } of functions.slice(1)) {
    for (const { startOffset, endOffset, count } of ranges) {
      for (let at = startOffset; at < endOffset; at += 1) state.set(at, count > 0);
    }
  }
  const ran = [...state.values()].filter(Boolean).length;
  return { ran, all: state.size };
}
