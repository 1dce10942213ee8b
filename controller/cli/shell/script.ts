import type { OptionWord, Place } from './words.ts';

/** In single quotes, for all three shells. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Lines of a `case`: the same pattern list for bash and zsh. */
export function branch(patterns: readonly string[], body: string): string {
  return `      ${patterns.map(quote).join('|')}) ${body} ;;`;
}

/** Where each option with a value stands, as `$at:$word`. */
export function valued(places: readonly Place[]): { at: string; option: OptionWord }[] {
  return places.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value !== undefined)
      .map((option) => ({ at: `${path}:${option.name}`, option })),
  );
}

/** For bash and zsh: follows the words before the cursor; afterwards `at` is the place, and `skip` the option that wants its value. */
export function followWords(places: readonly Place[], words: string): string {
  return `  for word in ${words}; do
    if [ -n "$skip" ]; then skip=; continue; fi
    case "$at:$word" in
${branch(
  valued(places).map(({ at }) => at),
  'skip="$at:$word"; continue',
)}
    esac
    case "$at $word" in
${branch(
  places.flatMap(({ path }) => (path === '' ? [] : [path])),
  'at="$at $word"',
)}
    esac
  done`;
}

/** For bash and zsh: what `skip` may be followed by. */
export function valueBranches(
  places: readonly Place[],
  file: string,
  words: (choices: readonly string[]) => string,
): string {
  return valued(places)
    .flatMap(({ at, option: { value } }) => {
      if (value === undefined || value === 'anything') return [];
      return [branch([at], value === 'file' ? file : words(value))];
    })
    .join('\n');
}
