import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';

/** How the API's fields end that say their unit, and the unit in words: options take any unit, and are named without. */
const units = { Bytes: 'bytes', BitsPerSecond: 'bits per second', Days: 'days', Seconds: 'seconds' } as const;
const withUnit = new RegExp(`^(.+?)(${Object.keys(units).join('|')})$`);

/**
 * What the API refused of a field, in the words of the command line that sent it: by the option that the field came of.
 * All of it is read off the command's own options and arguments; what they do not know stays.
 */
export function inOptions(error: TurnpikeError, command: Command): TurnpikeError {
  const { code, message, remedy, field, cause } = error;
  if (field === undefined) return error;
  const translated = translate(leading(message, field, command), command);
  return new TurnpikeError(code, translated, {
    field,
    ...(remedy !== undefined && { remedy: translate(remedy, command) }),
    ...(cause !== undefined && { cause }),
  });
}

/** `--download`, `<size>`; undefined: the command has nothing of that name. */
export function optionOf(field: string, command: Command): string | undefined {
  const named = (name: string | undefined) =>
    command.options.find((one) => one.attributeName() === name)?.long ?? undefined;
  const option = named(field) ?? named(withUnit.exec(field)?.[1]) ?? named(`${field}File`);
  if (option !== undefined) return option;
  const name = field === 'bytes' ? 'size' : field;
  if (command.registeredArguments.some((one) => one.name() === name)) return `<${name}>`;
  // Such as `--to <url>`.
  return command.options.find(({ flags }) => flags.endsWith(` <${name}>`))?.long ?? undefined;
}

/** Of several fields, each option once; what is none keeps its name. */
export function optionsOf(fields: readonly string[], command: Command): string[] {
  return [...new Set(fields.map((field) => optionOf(field, command) ?? field))];
}

/** `downloadBitsPerSecond: 5 cannot be` is `--download (in bits per second): 5 cannot be`: a bare number has the field's unit. */
function leading(message: string, field: string, command: Command): string {
  const option = optionOf(field, command);
  const rest = message.slice(field.length);
  if (option === undefined || !message.startsWith(field) || /^\w/.test(rest)) return message;
  const unit = withUnit.exec(field)?.[2] as keyof typeof units | undefined;
  const isBare = /^(: -?\d+ cannot| must be a whole number\b)/.test(rest);
  return unit !== undefined && isBare ? `${option} (in ${units[unit]})${rest}` : `${option}${rest}`;
}

/** Names of fields within a sentence: only those that are no words. What stands in quotes was given by somebody. */
function translate(text: string, command: Command): string {
  return text.replace(/"[^"]*"|(?<![-\w])[a-z]+(?:[A-Z][a-z]+)+\b/g, (name) =>
    name.startsWith('"') ? name : (optionOf(name, command) ?? name),
  );
}
