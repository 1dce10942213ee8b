import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type TextOf<All extends Options> = {
  [Name in keyof All & string]: All[Name]['type'] extends 'string' ? Name : never;
}[keyof All & string];

/** Of a tool that is told by its options alone: `--help` and whatever is wrong are answered with what there is. */
export function toolOptions<const All extends Options>(command: string, options: All, more = '') {
  const usage = `${usageOf(command, options)}${more}`;
  const values = readOptions(usage, options);
  const texts = values as Readonly<Record<string, string>>;
  return {
    values,
    /** A whole number from `least`. */
    whole: (name: TextOf<All>, least = 1) => wholeNumber(usage, name, texts[name] ?? '', least),
    /** Some, with commas. */
    wholes: (name: TextOf<All>, least = 1) =>
      (texts[name] ?? '').split(',').map((text) => wholeNumber(usage, name, text, least)),
    /** Some of these, with commas; all of them where it was not given. */
    some: (name: TextOf<All>, known: readonly string[]) => namesAmong(usage, name, texts[name], known),
  };
}

/** As parseArgs; what it does not know is answered with the usage, and ends the program, as `--help` does. */
export function readOptions<const All extends Options>(usage: string, options: All) {
  readHelp(usage);
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(firstSentence(error), usage);
  }
}

/** Of a tool that takes no options, and one argument at most: that. */
export function readArgument(usage: string): string | undefined {
  readHelp(usage);
  try {
    const { positionals } = parseArgs({ options: {}, allowPositionals: true });
    if (positionals.length < 2) return positionals[0];
  } catch (error) {
    return refuse(firstSentence(error), usage);
  }
  return refuse('one argument at most is taken', usage);
}

/** A whole number from `least`; what is none ends the program, as with it a tool would do nothing and be content. */
export function wholeNumber(usage: string, name: string, text: string, least = 1): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  return refuse(`--${name} is a whole number from ${least}, not "${text}"`, usage);
}

/** Names with commas; one that nothing has ends the program. */
export function namesAmong(
  usage: string,
  name: string,
  text: string | undefined,
  known: readonly string[],
): readonly string[] {
  if (text === undefined) return known;
  // One that has a comma in it.
  if (known.includes(text)) return [text];
  const names = text.split(',');
  const strange = names.find((one) => !known.includes(one));
  return strange === undefined
    ? names
    : refuse(`--${name}: there is no "${strange}"; there are ${known.join(', ')}`, usage);
}

function readHelp(usage: string): void {
  if (!process.argv.includes('--help')) return;
  process.stdout.write(usage);
  process.exit();
}

/** The others are about a `--` that no tool here needs. */
function firstSentence(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('. ')[0] ?? '';
}

export function refuse(message: string, usage: string): never {
  process.stderr.write(`${message}\n${usage}`);
  process.exit(64);
}

/** In brackets what is taken unless told. */
function usageOf(command: string, options: Options): string {
  const words = Object.entries(options).map(([name, { type, default: usual }]) => {
    const value = type === 'boolean' ? '' : ` ${usual ?? name.toUpperCase()}`;
    return `[--${name}${value}]`;
  });
  return `Usage: ${[command, ...words].join(' ')}\n`;
}
