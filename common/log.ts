import { pino } from 'pino';
import { serializeError } from './serialize-error.ts';

export type Logger = pino.Logger;

/**
 * A logger that writes JSON lines to standard output, or to `destination`. Errors are logged by name, code, message and
 * our own stack, under whatever key they come, and never with attached fields: foreign errors carry argv, output or
 * socket addresses.
 */
export function createLogger(name: string, level: string, destination?: pino.DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    name,
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // What comes here has been through the formatter, or is no error; pino's own would look into it.
    serializers: { err: (value: unknown) => (value instanceof Error ? serializeError(value) : value) },
    formatters: { log: withoutFields },
    hooks: {
      // Of an error in place of words pino would make its whole message the line's.
      logMethod(args, method) {
        const [first, ...others] = args as unknown[];
        const line = first instanceof Error && others.length === 0 ? [{ err: first }, 'an error'] : args;
        method.apply(this, line as typeof args);
      },
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** For tests and for commands that print for people. */
export const silentLogger: Logger = pino({ level: 'silent' });

function withoutFields(line: Record<string, unknown>): Record<string, unknown> {
  const safe = Object.entries(line).map(([key, value]) => [
    key,
    value instanceof Error ? serializeError(value) : value,
  ]);
  return Object.fromEntries(safe);
}
