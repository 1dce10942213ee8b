import { branch, followWords, quote, valueBranches } from './script.ts';
import type { Place, Word } from './words.ts';

export function zshCompletion(places: readonly Place[]): string {
  const offer = (words: readonly string[]) => `compadd -- ${words.map(quote).join(' ')}`;
  return `#compdef turnpike
# Completion of turnpike for zsh: in a file named _turnpike in a directory of $fpath
_turnpike() {
  local word skip= at=
  local -a verbs flags
${followWords(places, `"\${(@)words[2,CURRENT-1]}"`)}
  if [ -n "$skip" ]; then
    case "$skip" in
${valueBranches(places, '_files', offer)}
    esac
    return
  fi
  case "$at" in
${places
  .map(({ path, verbs, options, choices }) =>
    branch(
      [path],
      [
        `verbs=(${[...verbs, ...choices.map((name) => ({ name, description: '' }))].map(described).join(' ')})`,
        `flags=(${options.map(described).join(' ')})`,
      ].join('; '),
    ),
  )
  .join('\n')}
  esac
  _describe -t commands turnpike verbs
  _describe -o -t options option flags
}
if [ "$funcstack[1]" = _turnpike ]; then _turnpike "$@"; else compdef _turnpike turnpike; fi
`;
}

/** As _describe has them: a colon ends the name. */
function described({ name, description }: Word): string {
  return quote(`${name.replaceAll(':', '\\:')}:${description}`);
}
