import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { fixedVault } from '../../test/unit/vault.ts';
import { newDataKey, Vault } from '../vault/vault.ts';
import { authorityFiles } from './authority-file.ts';
import { beginNewAuthority, type KnownPins, openAuthorities, type PinKeeper } from './open-authorities.ts';

let directory: string;
let kept: KnownPins;
/** The books cannot be written. */
let broken: boolean;
const pins: PinKeeper = {
  known: async () => kept,
  settle: async (told) => {
    if (broken) throw new Error('the disk is full');
    kept = told;
  },
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-ca-'));
  kept = { serving: null, next: null };
  broken = false;
});
afterEach(() => rm(directory, { recursive: true }));

const path = (name = 'ca.pem') => join(directory, name);
const open = () => openAuthorities(authorityFiles(directory, fixedVault), pins, systemClock);
const refused = {
  code: 'environment',
  remedy: expect.stringMatching(/restore.*backup.*--new-ca.*join anew/),
};

it('the CA is made on the first start, and its pin is kept in the books', async () => {
  const first = await open();
  expect(first.created).toBe(true);
  expect(kept).toEqual({ serving: first.authorities.serving.pin, next: null });
  const second = await open();
  expect(second.created).toBe(false);
  expect(second.authorities.serving.pin).toBe(kept.serving);
});

it('a lost CA is not made again, and works when it is restored', async () => {
  await open();
  const text = await readFile(path());
  await unlink(path());
  await expect(open()).rejects.toMatchObject(refused);
  expect(await readdir(directory)).toEqual([]);
  await writeFile(path(), text, { mode: 0o600 });
  expect((await open()).authorities.serving.pin).toBe(kept.serving);
});

it('another CA than the one that nodes trust is refused', async () => {
  await open();
  kept = { serving: '0'.repeat(64), next: null };
  await expect(open()).rejects.toMatchObject(refused);
  expect(kept.serving).toBe('0'.repeat(64));
});

it.each(['kept', 'lost', 'damaged'])(
  'a new CA is begun when it is asked for, the old ones being %s',
  async (state) => {
    const { authorities } = await open();
    await authorities.begin();
    const text = await readFile(path(), 'utf8');
    for (const name of ['ca.pem', 'ca-next.pem']) {
      if (state === 'lost') await unlink(path(name));
      if (state === 'damaged') await writeFile(path(name), 'garbage', { mode: 0o600 });
    }
    const { pin } = await beginNewAuthority(authorityFiles(directory, fixedVault), pins, systemClock);
    expect(pin).not.toBe(authorities.serving.pin);
    expect(kept).toEqual({ serving: pin, next: null });
    expect((await open()).authorities.serving.pin).toBe(pin);
    const aside = (await readdir(directory)).filter((name) => name !== 'ca.pem').sort();
    expect(aside.length).toBe(state === 'lost' ? 0 : 2);
    if (state === 'kept') expect(await readFile(path(aside[1]), 'utf8')).toBe(text);
  },
);

it('a new CA is begun in place of one that was made while the clock was ahead', async () => {
  const ahead = { ...systemClock, now: () => systemClock.now() + 365 * 86_400_000 };
  await openAuthorities(authorityFiles(directory, fixedVault), pins, ahead);
  await expect(open()).rejects.toMatchObject({ message: expect.stringContaining('not valid before') });
  const { pin } = await beginNewAuthority(authorityFiles(directory, fixedVault), pins, systemClock);
  expect((await open()).authorities.serving.pin).toBe(pin);
});

it('a CA takes over from another in two steps, and each is kept over restarts', async () => {
  const { authorities } = await open();
  const old = authorities.serving.pin;
  await authorities.begin();
  const next = authorities.next?.pin;
  await authorities.begin();
  expect(authorities.next?.pin).toBe(next);
  expect(authorities.issuing.pin).toBe(next);
  const again = (await open()).authorities;
  expect([again.serving.pin, again.next?.pin]).toEqual([old, next]);
  await again.finish();
  await again.finish();
  expect(await readdir(directory)).toEqual(['ca.pem']);
  const last = (await open()).authorities;
  expect([last.serving.pin, last.next]).toEqual([next, undefined]);
  expect(kept).toEqual({ serving: next, next: null });
});

it.each(['begin', 'finish'] as const)(
  '%s that was cut short before the books heard of it is completed by the next start',
  async (step) => {
    const { authorities } = await open();
    if (step === 'finish') await authorities.begin();
    broken = true;
    await expect(authorities[step]()).rejects.toThrow('the disk is full');
    broken = false;
    const { authorities: after } = await open();
    expect(kept).toEqual({ serving: after.serving.pin, next: after.next?.pin ?? null });
    expect(after.next !== undefined).toBe(step === 'begin');
    if (step === 'finish') expect(after.serving.pin).not.toBe(authorities.serving.pin);
  },
);

it('books that are older than the change are brought up to it', async () => {
  const { authorities } = await open();
  const before = kept;
  await authorities.begin();
  const during = kept;
  kept = before;
  expect((await open()).authorities.next?.pin).toBe(during.next);
  await authorities.finish();
  kept = during;
  expect((await open()).authorities.serving.pin).toBe(during.next);
});

it('a CA that is to come and is lost, or is another, is refused', async () => {
  const { authorities } = await open();
  await authorities.begin();
  await copyFile(path('ca-next.pem'), path('copy'));
  await unlink(path('ca-next.pem'));
  await expect(open()).rejects.toMatchObject(refused);
  await copyFile(path('ca.pem'), path('ca-next.pem'));
  await expect(open()).rejects.toMatchObject(refused);
  await copyFile(path('copy'), path('ca-next.pem'));
  expect((await open()).authorities.next?.pin).toBe(kept.next);
});

it('the key in the file is encrypted, under the latest key once that is written anew', async () => {
  const vault = new Vault([newDataKey(1)]);
  const files = authorityFiles(directory, vault);
  const { authorities } = await openAuthorities(files, pins, systemClock);
  await authorities.begin();
  for (const name of ['ca.pem', 'ca-next.pem'])
    expect(await readFile(path(name), 'utf8')).not.toContain('PRIVATE KEY');
  vault.add(newDataKey(2));
  // While a CA takes over: the old one must not come back.
  await Promise.all([files.reseal(), authorities.finish(), files.reseal()]);
  vault.dropOld();
  expect((await openAuthorities(files, pins, systemClock)).authorities.serving.pin).toBe(
    authorities.serving.pin,
  );
  await expect(open()).rejects.toMatchObject({ remedy: expect.stringContaining('backup') });
});

it('another CA that cannot be written is refused with what to do', async () => {
  const { authorities } = await open();
  await mkdir(path('ca-next.pem.new'));
  await expect(authorities.begin()).rejects.toMatchObject({
    code: 'environment',
    message: expect.stringContaining('cannot be kept in'),
    remedy: expect.stringContaining('disk not full'),
  });
});
