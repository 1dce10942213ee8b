import { valued } from './script.ts';
import type { OptionWord, Place } from './words.ts';

export function fishCompletion(places: readonly Place[]): string {
  return `# Completion of turnpike for fish: turnpike completion fish > ~/.config/fish/completions/turnpike.fish
function __turnpike_at
  set -l at ''
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    switch "$at:$word"
      case ${valued(places)
        .map(({ at }) => quote(at))
        .join(' ')}
        set skip 1
        continue
    end
    switch "$at $word"
      case ${places.flatMap(({ path }) => (path === '' ? [] : [quote(path)])).join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c turnpike -f
${places.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, verbs, options, choices }: Place): string[] {
  const here = `complete -c turnpike -n ${quote(`__turnpike_at ${quote(path)}`)}`;
  return [
    ...verbs.map(({ name, description }) => `${here} -a ${name} -d ${quote(description)}`),
    ...choices.map((choice) => `${here} -a ${choice}`),
    ...options.map(
      (option) =>
        `${here} -l ${option.name.replace(/^-+/, '')}${valueFlags(option)} -d ${quote(option.description)}`,
    ),
  ];
}

function valueFlags({ value }: OptionWord): string {
  if (value === undefined) return '';
  if (value === 'file') return ' -r -F';
  return value === 'anything' ? ' -x' : ` -x -a ${quote(value.join(' '))}`;
}

/** fish knows \\' within single quotes, and no other way. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
