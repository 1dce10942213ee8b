import { pino } from 'pino';

export type Logger = pino.Logger;

/**
 * A logger that writes JSON lines to standard output. Errors are logged by name, code, message and our own stack,
 * never with attached fields: foreign errors carry argv, output or socket addresses.
 */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: serializeError, error: serializeError },
  });
}

/** For tests and for commands that print for people. */
export const silentLogger: Logger = pino({ level: 'silent' });

export function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code !== 'object' ? { code: error.code } : {};
  return { type: error.name, message: error.message, ...code, stack: stackFrames(error) };
}

function stackFrames(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
}
