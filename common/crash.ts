import { exitCodes } from './exit.ts';
import { serializeError } from './serialize-error.ts';

/**
 * Ends the process on what nobody caught, with a line that says where. Node itself would print all that the error
 * carries: what programs printed, addresses, keys.
 */
export function endOnCrash(name: string): void {
  const end = (reason: unknown) => {
    process.stderr.write(`${name}: a mistake of ours: ${JSON.stringify(serializeError(reason))}\n`);
    process.exit(exitCodes.internal);
  };
  process.on('uncaughtException', end);
  // On its own, as node would make an error of it whose words quote what was no error.
  process.on('unhandledRejection', end);
}
