import { TextDecoder } from 'node:util';
import { TurnpikeError } from '../../common/errors.ts';

/** Longer ones are refused, so that memory stays bounded. */
export const bytesOfLine = 16_384;

/** A line, or why there is none. */
export interface RawLine {
  /** From 1. */
  readonly number: number;
  readonly text: string | TurnpikeError;
}

const newline = 10;

/** Lines that are not empty, as they come. */
export async function* splitLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<RawLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 1;
  let rest: Uint8Array[] = [];
  let length = 0;
  const read = (): RawLine | undefined => {
    const line = { number, text: decode(decoder, rest, length) };
    rest = [];
    length = 0;
    return line.text === '' ? undefined : line;
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      take(chunk.subarray(from, end));
      const line = read();
      if (line !== undefined) yield line;
      number += 1;
      from = end + 1;
    }
    take(chunk.subarray(from));
  }
  const last = read();
  if (last !== undefined) yield last;

  function take(part: Uint8Array): void {
    length += part.length;
    if (length <= bytesOfLine) rest.push(part);
  }
}

function decode(decoder: TextDecoder, parts: readonly Uint8Array[], length: number): string | TurnpikeError {
  if (length > bytesOfLine) {
    return new TurnpikeError('invalid', `the line has ${length} bytes, and may have ${bytesOfLine}`, {
      remedy: 'write one JSON object a line, without line breaks within it',
    });
  }
  try {
    return decoder.decode(Buffer.concat(parts)).trim();
  } catch {
    return new TurnpikeError('invalid', 'the line is not UTF-8');
  }
}
