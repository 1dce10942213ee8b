/** Loaded before a program of the product: its wall clock is off by what a file says, read again with SIGUSR2. */
import { readFileSync } from 'node:fs';

const file = process.env['LAB_WALL_CLOCK'] ?? '';
const readOffsetMs = () => Number(readFileSync(file, 'utf8'));
const Real = Date;
let offsetMs = readOffsetMs();

globalThis.Date = class extends Real {
  constructor(...words: [] | ConstructorParameters<DateConstructor>) {
    if (words.length === 0) super(Real.now() + offsetMs);
    else super(...(words as ConstructorParameters<DateConstructor>));
  }

  static override now(): number {
    return Real.now() + offsetMs;
  }
} as DateConstructor;

process.on('SIGUSR2', () => {
  offsetMs = readOffsetMs();
  process.stderr.write(`wall clock stepped: ${offsetMs} ms\n`);
});
