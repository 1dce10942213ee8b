import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeBeside, writeFileAtomically } from './atomic-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-atomic-'));
});
afterEach(() => rm(directory, { recursive: true }));

it('what cannot be written whole leaves nothing behind, and what was there stays', async () => {
  const path = join(directory, 'file');
  await writeFileAtomically(path, 'old');
  // Stands for a disk that takes a file and not its content.
  const content = { toString: () => 'never asked' } as unknown as string;
  await expect(writeBeside(path, content)).rejects.toThrow();
  expect(await readdir(directory)).toEqual(['file']);
  expect(await readFile(path, 'utf8')).toBe('old');
});
