import type { Command, Option } from 'commander';
import { exitCodes } from '../../common/exit.ts';
import { version } from '../../common/version.ts';

/** The manual, made of what the commands say of themselves: roff with the macros of man(7). */
export function manPages(program: Command): { name: string; text: string }[] {
  const families = visible(program).filter((command) => command.commands.length > 0);
  const others = visible(program).filter((command) => !families.includes(command));
  return [
    render('turnpike', program.description(), '[options] <command> ...', [
      '.SH COMMANDS',
      ...families.flatMap((family) => ['.TP', `.BR ${name(family)} (1)`, plain(family.description())]),
      ...others.flatMap(section),
      '.SH OPTIONS',
      'They may stand anywhere.',
      ...program.options.flatMap((option) => optionLines(program, option)),
      '.SH ENVIRONMENT',
      ...environment.flatMap(([variable, text]) => ['.TP', `.B ${variable}`, plain(text)]),
      '.SH EXIT STATUS',
      '0, or after',
      '.BR sysexits (3):',
      ...Object.entries(exitCodes).flatMap(([code, status]) => [
        '.TP',
        String(status),
        plain(code.replaceAll('_', ' ')),
      ]),
      '.SH SEE ALSO',
      references(families),
    ]),
    ...families.map((family) =>
      render(name(family), family.description(), '<command> [options]', [
        '.SH COMMANDS',
        ...visible(family).flatMap(section),
        '.SH OPTIONS',
        'Those of',
        '.BR turnpike (1)',
        'may stand anywhere.',
        '.SH SEE ALSO',
        references([program]),
      ]),
    ),
  ].map((text, n) => ({ name: n === 0 ? 'turnpike' : name(families[n - 1] as Command), text }));
}

const environment = [
  ['TURNPIKE_SOCKET', "the controller's socket, in place of --socket"],
  ['TURNPIKE_API_KEY', 'the API key for --url'],
  [
    'TURNPIKE_CONTEXTS',
    'where contexts are kept (default: turnpike/contexts.json in the configuration directory)',
  ],
] as const;

function render(title: string, description: string, usage: string, body: readonly string[]): string {
  return [
    `.TH ${title.toUpperCase()} 1 "" "turnpike ${version}" "Turnpike"`,
    '.SH NAME',
    `${plain(title)} \\- ${plain(description)}`,
    '.SH SYNOPSIS',
    `.B ${plain(title.replace('-', ' '))}`,
    plain(usage),
    ...body,
    '',
  ].join('\n');
}

function section(verb: Command): string[] {
  const words = verb.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  const usage = [...path(verb), ...words].join(' ');
  const options = verb.createHelp().visibleOptions(verb);
  return [
    `.SS ${plain(usage)}`,
    plain(verb.description()),
    ...options.filter(({ long }) => long !== '--help').flatMap((option) => optionLines(verb, option)),
  ];
}

function optionLines(command: Command, option: Option): string[] {
  return ['.TP', `.B ${plain(option.flags)}`, plain(command.createHelp().optionDescription(option))];
}

/** Words that lead to it, `turnpike` first. */
function path(command: Command): string[] {
  return [...(command.parent === null ? [] : path(command.parent)), command.name()];
}

/** `turnpike-api-key`, as its page is called. */
function name(command: Command): string {
  return path(command).join('-');
}

function references(commands: readonly Command[]): string {
  return commands
    .map((command, n) => `.BR ${name(command)} (1)${n < commands.length - 1 ? ',' : ''}`)
    .join('\n');
}

function visible(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
}

/** Text that roff takes for nothing but text. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');
}
