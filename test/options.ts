import { type ParseArgsConfig, parseArgs } from 'node:util';

/** As parseArgs; what it does not know is answered with the usage, and ends the program. */
export function readOptions<const Options extends NonNullable<ParseArgsConfig['options']>>(
  usage: string,
  options: Options,
) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), usage);
  }
}

/** A whole number from `least`; what is none ends the program, as with it a tool would do nothing and be content. */
export function wholeNumber(usage: string, name: string, text: string, least = 1): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  return refuse(`--${name} is a whole number from ${least}, not "${text}"`, usage);
}

function refuse(message: string, usage: string): never {
  process.stderr.write(`${message}\n${usage}`);
  process.exit(64);
}
