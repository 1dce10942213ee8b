import { readFileSync, writeFileSync } from 'node:fs';

/** Replaces `key = value` lines of a configuration file; values as TOML writes them. */
export function rewrite(file: string, changes: Readonly<Record<string, string>>): void {
  let text = readFileSync(file, 'utf8');
  for (const [key, value] of Object.entries(changes)) {
    const line = new RegExp(`^${key} = .*$`, 'm');
    if (!line.test(text)) throw new Error(`${file} has no line for ${key}`);
    text = text.replace(line, value.includes('=') ? value : `${key} = ${value}`);
  }
  writeFileSync(file, text);
}
