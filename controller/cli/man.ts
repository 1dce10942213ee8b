import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { manPages } from './manual.ts';
import type { Terminal } from './session.ts';

export function addManVerb(program: Command, terminal: Terminal): void {
  program
    .command('man <directory>')
    .description('writes the manual there: turnpike(1), and a page for each family of verbs')
    .action(async (directory: string) => {
      const pages = manPages(program);
      await mkdir(directory, { recursive: true });
      for (const { name, text } of pages) await writeFile(join(directory, `${name}.1`), text);
      terminal.write(
        `${pages.length} pages written; read one with: man -l ${join(directory, 'turnpike.1')}\n`,
      );
    });
}
