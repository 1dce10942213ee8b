import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file so that after a crash there is either the old content or the new one, whole. Readable by the owner
 * only, because what is written here are keys.
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await rename(await writeBeside(path, content), path);
  await syncDirectory(dirname(path));
}

/** Writes a file beside this one, whole and durable, for its owner only, in place of one left from before: its path. */
export async function writeBeside(path: string, content: string | Uint8Array): Promise<string> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    // What fits of it would take the room that a full disk lacks.
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return temporary;
}

/** Makes a rename, creation or removal in this directory survive a power loss. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
