import { type ErrorCode, TurnpikeError } from '../../common/errors.ts';

const joinAnew =
  'let the node join anew ("turnpike node token NODE" gives the command; add --force-new): what it was granted and has not reported is then written off';

interface Explanation {
  readonly code: ErrorCode;
  readonly says: (path: string) => string;
  readonly remedy: string;
}

/** By SQLite's primary result code: https://www.sqlite.org/rescode.html */
const explanations: Readonly<Record<number, Explanation>> = {
  // SQLITE_ERROR: our statements are right, so a table or a column that they name is gone.
  1: damaged(),
  // SQLITE_BUSY
  5: {
    code: 'conflict',
    says: (path) => `another agent uses ${path}`,
    remedy: 'stop it first; each agent needs a state directory of its own',
  },
  // SQLITE_READONLY
  8: {
    code: 'environment',
    says: (path) => `${path} cannot be written`,
    remedy: 'the state directory must be on a writable disk and belong to the agent’s user',
  },
  // SQLITE_IOERR
  10: {
    code: 'environment',
    says: (path) => `reading or writing ${path} failed`,
    remedy: 'check the disk',
  },
  // SQLITE_CORRUPT
  11: damaged(),
  // SQLITE_FULL
  13: {
    code: 'exhausted',
    says: (path) => `the disk that holds ${path} is full`,
    remedy: 'free some space; nothing is armed until the journal can be written',
  },
  // SQLITE_CANTOPEN
  14: {
    code: 'environment',
    says: (path) => `${path} cannot be opened`,
    remedy: 'check that the state directory exists and belongs to the agent’s user',
  },
  // SQLITE_NOTADB
  26: damaged(),
};

/** What SQLite could read, but is not what we wrote. Nothing of it is repeated. */
export function damagedError(path: string): TurnpikeError {
  const { code, says, remedy } = damaged();
  return new TurnpikeError(code, says(path), { remedy });
}

/** Of a node that has been in service: what passed by then is in its journal alone. */
export function missingError(path: string): TurnpikeError {
  return new TurnpikeError(
    'environment',
    `${path} is gone, or is another node's, and this node has been in service: what it has used is not known`,
    { remedy: `put it back, or ${joinAnew}` },
  );
}

/** Says in one line what is wrong with the journal, and what to do. */
export function journalError(path: string, error: unknown): unknown {
  const result = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  const explanation = explanations[result];
  if (explanation === undefined) return error;
  const { code, says, remedy } = explanation;
  return new TurnpikeError(code, says(path), { remedy, cause: error });
}

function damaged(): Explanation {
  return {
    code: 'environment',
    says: (path) => `${path} is damaged`,
    remedy: `move it away, and ${joinAnew}`,
  };
}
