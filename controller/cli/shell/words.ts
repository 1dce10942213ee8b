import type { Command, Option } from 'commander';

/** One place on the command line: after `turnpike`, `turnpike tariff`, `turnpike tariff add`. */
export interface Place {
  /** The words that lead there, each with a space before it, such as ` tariff add`; empty at the beginning. */
  readonly path: string;
  readonly verbs: readonly Word[];
  /** Also those that may stand anywhere. */
  readonly options: readonly OptionWord[];
  /** What an argument may be, where only that may be. */
  readonly choices: readonly string[];
}

export interface Word {
  readonly name: string;
  readonly description: string;
}

export interface OptionWord extends Word {
  /** What its value may be; undefined: it has none. */
  readonly value: 'file' | 'anything' | readonly string[] | undefined;
}

/** Every place of a program, from the beginning on. What is not in the help is not here either. */
export function placesOf(program: Command): Place[] {
  const anywhere = program.options.map(wordOf);
  const walk = (command: Command, path: string): Place[] => {
    const help = command.createHelp();
    const verbs = help.visibleCommands(command).filter((verb) => verb.name() !== 'help');
    const own = command === program ? [] : help.visibleOptions(command).map(wordOf);
    const here: Place = {
      path,
      verbs: verbs.map((verb) => ({ name: verb.name(), description: verb.description() })),
      options: [...own, ...anywhere],
      choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    };
    return [here, ...verbs.flatMap((verb) => walk(verb, `${path} ${verb.name()}`))];
  };
  return walk(program, '');
}

function wordOf({ long, short, description, argChoices, flags }: Option): OptionWord {
  const name = long ?? short ?? '';
  // A value that may be left out cannot be told from the next word.
  const value = /<(.*)>/.exec(flags)?.[1];
  if (value === undefined) return { name, description, value: undefined };
  return { name, description, value: argChoices ?? (value === 'path' ? 'file' : 'anything') };
}
