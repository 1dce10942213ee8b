import { foreignMessage, TurnpikeError } from './errors.ts';

/** An error as it may be logged: name, code, message and our own stack, and no other field. */
export function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: 'something that is no error was thrown' };
  const code = 'code' in error && typeof error.code !== 'object' ? { code: error.code } : {};
  const message = error instanceof TurnpikeError ? error.message : foreignMessage(error);
  return { type: error.name, message, ...code, stack: stackFrames(error) };
}

function stackFrames(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
}
