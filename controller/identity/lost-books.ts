import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TurnpikeError } from '../../common/errors.ts';
import { authorityNames } from './authority-file.ts';

/**
 * The CA comes after the first books, so a CA without books was left behind by books that are gone. Made anew, they would know
 * no customer and have another data key, under which the CA cannot be read; and no backup would take their place.
 * @throws TurnpikeError `environment`, before anything is made
 */
export function refuseLostBooks(storePath: string): void {
  if (existsSync(storePath)) return;
  const authority = authorityNames
    .map((name) => join(dirname(storePath), name))
    .find((path) => existsSync(path));
  if (authority === undefined) return;
  throw new TurnpikeError(
    'environment',
    `the database is missing: there is no ${storePath}, and ${authority} is there, the CA of its fleet`,
    {
      remedy: `put it back, or restore the latest backup with turnpike-controller --restore BACKUP; for a new fleet, move ${authority} away`,
    },
  );
}
