import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { authorityFile } from './authority-file.ts';
import { beginNewAuthority, openAuthority, type PinKeeper } from './open-authority.ts';

let directory: string;
let kept: string | null;
const pins: PinKeeper = {
  known: async () => kept,
  settle: async (pin) => {
    kept = pin;
  },
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-ca-'));
  kept = null;
});
afterEach(() => rm(directory, { recursive: true }));

const path = () => join(directory, 'ca.pem');
const open = () => openAuthority(authorityFile(path()), pins, systemClock);
const refused = {
  code: 'environment',
  remedy: expect.stringMatching(/restore ca\.pem.*--new-ca.*join anew/),
};

it('the CA is made on the first start, and its pin is kept in the books', async () => {
  const first = await open();
  expect(first.created).toBe(true);
  expect(kept).toBe(first.authority.pin);
  expect(await open()).toMatchObject({ created: false, authority: { pin: kept } });
});

it('a lost CA is not made again, and works when it is restored', async () => {
  await open();
  const text = await readFile(path());
  await unlink(path());
  await expect(open()).rejects.toMatchObject(refused);
  expect(await readdir(directory)).toEqual([]);
  await writeFile(path(), text, { mode: 0o600 });
  expect((await open()).authority.pin).toBe(kept);
});

it('another CA than the one that nodes trust is refused', async () => {
  await open();
  kept = '0'.repeat(64);
  await expect(open()).rejects.toMatchObject(refused);
  expect(kept).toBe('0'.repeat(64));
});

it.each(['kept', 'lost', 'damaged'])(
  'a new CA is begun when it is asked for, the old one being %s',
  async (state) => {
    const before = (await open()).authority.pin;
    const text = await readFile(path(), 'utf8');
    if (state === 'lost') await unlink(path());
    if (state === 'damaged') await writeFile(path(), 'garbage', { mode: 0o600 });
    const { pin } = await beginNewAuthority(authorityFile(path()), pins, systemClock);
    expect(pin).not.toBe(before);
    expect((await open()).authority.pin).toBe(pin);
    const aside = (await readdir(directory)).filter((name) => name !== 'ca.pem');
    expect(aside.length).toBe(state === 'lost' ? 0 : 1);
    if (state === 'kept') expect(await readFile(join(directory, aside[0] ?? ''), 'utf8')).toBe(text);
  },
);
