import type { Input } from './input.ts';

/** Writes over the line that is there; '' takes it away. undefined: nobody is looking. */
export type ShowProgress = ((line: string) => void) | undefined;

const barLength = 30;

/** The same bytes, with a bar that says how far they are; for a pipe, which has no end, how many they were. */
export async function* withProgress({ bytes, size }: Input, show: ShowProgress): AsyncGenerator<Uint8Array> {
  let done = 0;
  let lines = 0;
  try {
    for await (const chunk of bytes) {
      yield chunk;
      // It was asked for more: so far it has been taken.
      done += chunk.length;
      for (const byte of chunk) if (byte === 10) lines += 1;
      show?.(barOf(done, size, lines));
    }
  } finally {
    show?.('');
  }
}

function barOf(done: number, size: number | undefined, lines: number): string {
  const count = `${lines.toLocaleString('en')} lines`;
  if (size === undefined || size === 0) return count;
  const full = Math.floor((done / size) * barLength);
  return `[${'='.repeat(full)}${' '.repeat(barLength - full)}] ${Math.floor((done / size) * 100)} % ${count}`;
}
