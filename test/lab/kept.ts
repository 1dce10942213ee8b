import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './lab.ts';

/** Every file that controller and nodes keep, with their logs: by where it is in the lab's folder. */
export function keptFiles(lab: Lab): (readonly [name: string, bytes: Buffer])[] {
  const { folder } = lab.controller.host;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^(ctl|n\d+)-/.test(name) && statSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name))] as const);
}
