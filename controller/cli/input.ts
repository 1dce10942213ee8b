import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { TurnpikeError } from '../../common/errors.ts';

/** A file that is read bit by bit. */
export interface Input {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** undefined: nobody knows, as of a pipe. */
  readonly size: number | undefined;
}

/**
 * Opens a file, or standard input for `-`.
 * @throws TurnpikeError `invalid` for what cannot be read
 */
export async function openInput(path: string, standardInput: Readable): Promise<Input> {
  if (path === '-') return { bytes: standardInput, size: undefined };
  try {
    const file = await open(path);
    const status = await file.stat();
    if (status.isDirectory()) {
      await file.close();
      throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
    }
    const { size } = status;
    return { bytes: file.createReadStream(), size };
  } catch (error) {
    const { code } = error as { code?: string };
    throw new TurnpikeError('invalid', `${path} cannot be read: ${code ?? 'it is no file'}`, {
      remedy: 'name a file that is there, or - for standard input',
    });
  }
}
