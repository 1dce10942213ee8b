import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { IdentityFile } from './identity-file.ts';

it('whether there is room for an identity is found out without a trace', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-identity-'));
  await new IdentityFile(directory).checkRoom();
  expect(await readdir(directory)).toEqual([]);
  await rm(directory, { recursive: true });
  await expect(new IdentityFile(directory).checkRoom()).rejects.toMatchObject({ code: 'environment' });
});
