import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProcess } from './process.ts';
import { configText, makeDirectory, startController } from './rig.ts';
import { runProgram } from './turnpike.ts';

let directory: string;
let started: (() => Promise<unknown>)[];

beforeEach(async () => {
  directory = await makeDirectory();
  started = [];
});

afterEach(async () => {
  for (const end of started) await end();
  await rm(directory, { recursive: true });
});

async function writeConfig(text: string): Promise<string> {
  const file = join(directory, 'controller.toml');
  await writeFile(file, text);
  return file;
}

async function startProgram(file: string) {
  const controller = await startProcess(file);
  started.push(() => controller.end('SIGKILL'));
  return controller;
}

/** One line on standard error that says what is wrong, and a code for scripts. */
async function refused(text: string): Promise<{ code: number | undefined; line: string }> {
  const { code, err } = await runProgram('controller/main.ts', ['--config', await writeConfig(text)]);
  expect(code).not.toBe(0);
  expect(err).not.toContain('\n');
  expect(err).toMatch(/^turnpike-controller: /);
  return { code, line: err };
}

describe('turnpike-controller', { timeout: 30_000 }, () => {
  it('serves until SIGTERM, then leaves nothing behind but its files', async () => {
    const file = await writeConfig(configText(directory));
    const { end } = await startProgram(file);
    const socket = join(directory, 'api.sock');
    expect((await lstat(socket)).mode & 0o777).toBe(0o600);
    expect((await lstat(join(directory, 'turnpike.db'))).mode & 0o077).toBe(0);
    const status = await runProgram('controller/cli/main.ts', ['--socket', socket, 'status']);
    expect(status).toMatchObject({ code: 0, out: expect.stringContaining('enforcement') });
    expect(await end('SIGTERM')).toBe(0);
    await expect(lstat(socket)).rejects.toThrow('ENOENT');
  });

  it('does not start without the CA of its nodes, until a new one is asked for', async () => {
    const file = await writeConfig(configText(directory));
    await (await startController({ directory })).stop();
    await rm(join(directory, 'ca.pem'));
    expect((await refused(configText(directory))).line).toMatch(/CA is missing.*restore the CA.*--new-ca/);
    await expect(lstat(join(directory, 'ca.pem'))).rejects.toThrow('ENOENT');
    const begun = await runProgram('controller/main.ts', ['--config', file, '--new-ca']);
    expect(begun).toMatchObject({ code: 0, out: expect.stringMatching(/sha256:[0-9a-f]{64}\n.*join anew/) });
    await (await startController({ directory })).stop();
  });

  it('does not start without the books of its CA, and makes none that a backup could not replace', async () => {
    await (await startController({ directory })).stop();
    const ours = (await readdir(directory)).filter((name) => name.startsWith('turnpike.db'));
    for (const name of ours) await rm(join(directory, name));
    const before = (await readdir(directory)).sort();
    expect(before).toEqual(expect.arrayContaining(['ca.pem', 'envelope.key']));
    const file = await writeConfig(configText(directory));
    for (const mode of [[], ['--restored'], ['--new-ca']]) {
      const { code, err } = await runProgram('controller/main.ts', ['--config', file, ...mode]);
      expect(code).toBe(72);
      expect(err).toMatch(/database is missing: there is no .*turnpike\.db.*--restore BACKUP/);
    }
    expect((await readdir(directory)).sort()).toEqual([...new Set([...before, 'controller.toml'])].sort());
  });

  it('is replaced after kill -9 without help', async () => {
    const file = await writeConfig(configText(directory));
    const { end } = await startProgram(file);
    await end('SIGKILL');
    const controller = await startController({ directory });
    expect(await controller.turnpike.text('status')).toContain('enforcement');
    await controller.stop();
  });

  it.each([
    [
      'an unknown key',
      (text: string) => text.replace('[fleet]', '[fleet]\nrange5 = "x"'),
      /fleet\.range5 is not/,
    ],
    ['a bad CIDR', (text: string) => text.replace('10.64.0.0/16', '10.64.0.0/99'), /fleet\.range4: .*CIDR/],
    ['no TOML', () => '=', /is not TOML/],
  ])('refuses %s in its configuration', async (_what, change, said) => {
    const { code, line } = await refused(change(configText(directory)));
    expect(code).toBe(64);
    expect(line).toMatch(said);
    expect(line).toContain('controller.toml');
  });

  it('refuses a configuration file or an option that is not there', async () => {
    const missing = await runProgram('controller/main.ts', ['--config', '/nonexistent/controller.toml']);
    expect(missing).toMatchObject({ code: 64, err: expect.stringContaining('/nonexistent/controller.toml') });
    const unknown = await runProgram('controller/main.ts', ['--frobnicate']);
    expect(unknown).toMatchObject({ code: 64, err: expect.stringContaining('--frobnicate') });
  });

  it.each(['listen', 'enrolment_listen'])('says that the port of nodes.%s is taken', async (key) => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const text = configText(directory).replace(`\n${key} = "127.0.0.1:0"`, `\n${key} = "127.0.0.1:${port}"`);
    expect((await refused(text)).line).toContain(`127.0.0.1:${port}`);
    await new Promise((done) => server.close(done));
  });

  it('says that its socket is in use by another controller', async () => {
    const other = await startController();
    const text = configText(directory).replace(`${directory}/api.sock`, other.socket);
    expect((await refused(text)).line).toMatch(/api\.sock is in use/);
    await other.stop();
  });

  it('says that another controller has the database', async () => {
    const other = await startController();
    const text = configText(directory).replace(`${directory}/turnpike.db`, `${other.directory}/turnpike.db`);
    expect((await refused(text)).line).toMatch(/in use by another process/);
    await other.stop();
  });

  it('says which directory is missing', async () => {
    const database = configText(directory).replace(`${directory}/turnpike.db`, `${directory}/no/turnpike.db`);
    expect((await refused(database)).line).toMatch(/directory .*\/no is missing/);
    const socket = configText(directory).replace(`${directory}/api.sock`, `${directory}/no/api.sock`);
    expect((await refused(socket)).line).toMatch(/there is no directory .*\/no/);
  });

  it('says that its database is none', async () => {
    await writeFile(
      join(directory, 'turnpike.db'),
      'a letter to my grandmother, long enough to have pages'.repeat(40),
    );
    expect((await refused(configText(directory))).line).toMatch(/is not a database/);
    await rm(join(directory, 'turnpike.db'));
    await mkdir(join(directory, 'turnpike.db'));
    expect((await refused(configText(directory))).line).toMatch(/turnpike\.db/);
  });
});
