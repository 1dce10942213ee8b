import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBootId } from '../time/boot.ts';

/** What the host must remember beyond the agent's life. Only of this boot: another one starts with nothing of ours. */
export interface HostRecord {
  /** An interface of that name is being made by us and may not bear our alias yet. */
  readonly making: boolean;
  /** Settings under /proc/sys/net that were 0 until we set them to 1. */
  readonly turnedOn: readonly string[];
}

const nothing: HostRecord = { making: false, turnedOn: [] };

/** Keeps the record in the agent's state directory, by interface. */
export class HostRecordFile {
  readonly #path: string;
  readonly #directory: string;

  constructor(stateDirectory: string, interfaceName: string) {
    this.#directory = stateDirectory;
    this.#path = join(stateDirectory, `host-${interfaceName}.json`);
  }

  async read(): Promise<HostRecord> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return nothing;
      throw error;
    }
    const { bootId, ...record } = JSON.parse(text) as HostRecord & { bootId: string };
    return bootId === (await readBootId()) ? record : nothing;
  }

  async write(record: HostRecord): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ bootId: await readBootId(), ...record });
    // In two steps, so that a crash leaves the old or the new one.
    await writeFile(`${this.#path}.new`, text, { mode: 0o600 });
    await rename(`${this.#path}.new`, this.#path);
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
