import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Program } from './program.ts';

const preload = fileURLToPath(new URL('stepped-date.ts', import.meta.url));

/**
 * The wall clock as one program of the lab sees it. A machine has one wall clock for all, and time namespaces have none of
 * their own, so a step is made where Node.js tells the program the time. Monotonic clocks and the kernel's timeouts run
 * on, as they do when a machine's clock is stepped.
 */
export class WallClock {
  readonly #file: string;
  #offsetMs = 0;

  constructor(file: string) {
    this.#file = file;
    writeFileSync(file, '0');
  }

  /** For Node.js, before the program. */
  readonly words = ['--import', preload];

  get env(): Readonly<Record<string, string>> {
    return { LAB_WALL_CLOCK: this.#file };
  }

  /** For `program`, if it runs, and for those that are started later. */
  async step(ms: number, program: Program | undefined): Promise<void> {
    this.#offsetMs += ms;
    writeFileSync(this.#file, String(this.#offsetMs));
    if (program?.running !== true) return;
    process.kill(program.pid, 'SIGUSR2');
    await program.said(new RegExp(`wall clock stepped: ${this.#offsetMs} ms`), 5_000);
  }
}
