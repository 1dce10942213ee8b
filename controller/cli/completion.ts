import { Argument, type Command } from 'commander';
import type { Terminal } from './session.ts';
import { bashCompletion } from './shell/bash.ts';
import { fishCompletion } from './shell/fish.ts';
import { placesOf } from './shell/words.ts';
import { zshCompletion } from './shell/zsh.ts';

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export function addCompletionVerb(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('prints what lets a shell complete turnpike, such as: source <(turnpike completion bash)')
    .addArgument(new Argument('<shell>', 'whose script').choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => terminal.write(scripts[shell](placesOf(program))));
}
