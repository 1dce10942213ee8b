import { branch, followWords, quote, valueBranches } from './script.ts';
import type { Place } from './words.ts';

export function bashCompletion(places: readonly Place[]): string {
  const offer = (words: readonly string[]) => `COMPREPLY=($(compgen -W ${quote(words.join(' '))} -- "$cur"))`;
  return `# Completion of turnpike for bash: source <(turnpike completion bash)
_turnpike() {
  local word words flags skip= at= cur="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
${followWords(places, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  if [ -n "$skip" ]; then
    case "$skip" in
${valueBranches(places, 'COMPREPLY=($(compgen -f -- "$cur"))', offer)}
    esac
    return
  fi
  case "$at" in
${places
  .map(({ path, verbs, options, choices }) => {
    const words = [...verbs.map(({ name }) => name), ...choices].join(' ');
    const flags = options.map(({ name }) => name).join(' ');
    return branch([path], `words=${quote(words)}; flags=${quote(flags)}`);
  })
  .join('\n')}
  esac
  case "$cur" in -*) words=; esac
  COMPREPLY=($(compgen -W "\${words:-$flags}" -- "$cur"))
}
complete -F _turnpike turnpike
`;
}
