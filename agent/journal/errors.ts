import { TurnpikeError } from '../../common/errors.ts';

// https://www.sqlite.org/rescode.html
const busy = 5;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

/** Says in one line what is wrong with the journal, and what to do. */
export function journalError(path: string, error: unknown): unknown {
  const result = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  switch (result) {
    case busy:
      return new TurnpikeError('conflict', `another agent uses ${path}`, {
        remedy: 'stop it first; each agent needs a state directory of its own',
        cause: error,
      });
    case full:
      return new TurnpikeError('exhausted', `the disk that holds ${path} is full`, {
        remedy: 'free some space; nothing is armed until the journal can be written',
        cause: error,
      });
    case readOnly:
      return new TurnpikeError('environment', `${path} cannot be written`, {
        remedy: 'the state directory must be on a writable disk and belong to the agent’s user',
        cause: error,
      });
    case cannotOpen:
      return new TurnpikeError('environment', `${path} cannot be opened`, {
        remedy: 'check that the state directory exists and belongs to the agent’s user',
        cause: error,
      });
    case ioError:
      return new TurnpikeError('environment', `reading or writing ${path} failed`, {
        remedy: 'check the disk',
        cause: error,
      });
    case corrupt:
    case notADatabase:
      return new TurnpikeError('environment', `${path} is damaged`, {
        remedy: 'move it away and let the node join again with a new token',
        cause: error,
      });
    default:
      return error;
  }
}
