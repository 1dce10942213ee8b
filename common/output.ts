import { TurnpikeError } from './errors.ts';

/**
 * What a program printed, parsed. Whatever else the parser throws than our own errors stays here: it quotes the text,
 * which may hold keys and clients' addresses.
 * @throws TurnpikeError `environment` when it is not what the program prints when all is well
 */
export function parseOutput<Result>(
  program: string,
  output: string,
  parse: (output: string) => Result,
): Result {
  try {
    return parse(output);
  } catch (error) {
    if (error instanceof TurnpikeError) throw error;
    throw new TurnpikeError('environment', `${program} printed what cannot be understood`, {
      remedy: `see which ${program} comes first in PATH, and which version of it`,
    });
  }
}
