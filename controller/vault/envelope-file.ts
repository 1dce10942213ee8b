import { link, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory, writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import {
  createSecretFile,
  directoryRemedy,
  readSecretFile,
  type SecretFile,
} from '../../common/secret-file.ts';
import {
  type EnvelopeKey,
  type EnvelopeStore,
  newEnvelopeKey,
  parseEnvelopeKey,
  renderEnvelopeKey,
} from './envelope.ts';

/** The key in hex, in a file of mode 0600; former ones lie beside it, each under its id. */
export function envelopeFile(path: string): EnvelopeStore {
  const formerPath = (id: string) => `${path}.${id}`;
  return {
    place: path,
    load: async () => {
      const current = await loadKey(path);
      const former = await Promise.all((await formerOf(path)).map((id) => loadKey(formerPath(id))));
      return {
        current,
        former: former.flatMap((key) => (key === undefined || key.id === current?.id ? [] : [key])),
      };
    },
    create: async () => {
      const key = newEnvelopeKey();
      await createSecretFile(secretFile(path), renderEnvelopeKey(key));
      return key;
    },
    replace: async () => {
      const current = await loadKey(path);
      const next = newEnvelopeKey();
      let kept = false;
      try {
        // Kept first: whatever is cut short, each key that something is under is at hand.
        if (current !== undefined) kept = await keepAs(path, formerPath(current.id));
        await writeFileAtomically(path, renderEnvelopeKey(next));
      } catch (error) {
        if (current && kept) await dropUnused(path, formerPath(current.id), current.id);
        throw new TurnpikeError('environment', `the envelope key in ${path} cannot be replaced`, {
          remedy: directoryRemedy,
          cause: error,
        });
      }
      return next;
    },
    forget: async (id) => {
      await rm(formerPath(id), { force: true });
      await syncDirectory(dirname(path));
    },
  };
}

async function loadKey(path: string): Promise<EnvelopeKey | undefined> {
  const text = await readSecretFile(secretFile(path));
  return text === undefined ? undefined : parseEnvelopeKey(path, text);
}

function secretFile(path: string): SecretFile {
  return {
    path,
    what: 'the envelope key',
    whenRead: 'start the controller and let another take its place: turnpike key rotate',
  };
}

async function formerOf(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  const start = `${basename(path)}.`;
  const ids = names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  return ids.filter((id) => /^[0-9a-f]{16}$/.test(id)).sort();
}

/** Whether it was not kept already. */
async function keepAs(path: string, former: string): Promise<boolean> {
  let made = true;
  try {
    await link(path, former);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    made = false;
  }
  await syncDirectory(dirname(former));
  return made;
}

/** What was kept of a key that nothing took the place of; it stays where that is not sure. */
async function dropUnused(path: string, former: string, id: string): Promise<void> {
  const current = await loadKey(path).catch(() => undefined);
  if (current?.id === id) await rm(former, { force: true }).catch(() => {});
}

/** The key as systemd hands it over; the one before it, while it is being replaced, under the same name and `.former`. */
export function envelopeCredential(path: string): EnvelopeStore {
  const name = basename(path);
  const given = () =>
    new TurnpikeError('environment', `there is no credential ${name} in ${dirname(path)}`, {
      remedy: `give it by LoadCredential=${name}:PATH in the unit; a first one is made by: openssl rand -hex 32`,
    });
  return {
    place: `the credential ${name}`,
    load: async () => {
      const former = await loadKey(join(dirname(path), `${name}.former`));
      const current = await loadKey(path);
      if (current === undefined) throw given();
      return { current, former: former === undefined ? [] : [former] };
    },
    create: () => Promise.reject(given()),
    replace: async () => undefined,
    forget: async () => {},
  };
}
