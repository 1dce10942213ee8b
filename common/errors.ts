import { printable } from './show.ts';

/**
 * The one error class of Turnpike. `code` is a closed union; it is mapped to gRPC status (common/grpc/status.ts), to
 * RFC 9457 problem documents (controller/north/problem.ts) and to exit codes (common/exit.ts) at the edges only.
 *
 * `message` is one line for the person who can mend it: what is wrong, with the value that is wrong, and what to do.
 * It never holds a key, a token or a client's network address; whatever it repeats, a terminal obeys nothing of it.
 */
export type ErrorCode =
  /** The caller's input is wrong; the same call will fail again. */
  | 'invalid'
  | 'not_found'
  /** It exists already, or is in a state that forbids the change. */
  | 'conflict'
  /** A limit is reached: addresses, devices. */
  | 'exhausted'
  /** No, wrong or revoked credentials. */
  | 'unauthenticated'
  /** Known, but without the right to do it. */
  | 'forbidden'
  /** The other side, or a tool that we need, is not there; trying later may help. */
  | 'unavailable'
  /** A tool on this machine is missing, too old, or failed; its disk is full or cannot be written. */
  | 'environment'
  /** Our own mistake. */
  | 'internal';

export class TurnpikeError extends Error {
  readonly code: ErrorCode;
  /** What the person can do about it; printed after the message. */
  readonly remedy: string | undefined;
  /** The field of the input that is wrong, by its name in the API. */
  readonly field: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { remedy?: string; field?: string; cause?: unknown } = {},
  ) {
    super(printable(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TurnpikeError';
    this.code = code;
    this.remedy = options.remedy === undefined ? undefined : printable(options.remedy);
    this.field = options.field;
  }
}

/** The error's line for a person: message and remedy, or a plain "internal error" text for foreign errors. */
export function describeError(error: unknown): string {
  if (error instanceof TurnpikeError) {
    return error.remedy === undefined ? error.message : `${error.message} (${error.remedy})`;
  }
  return error instanceof Error ? foreignMessage(error) : 'something that is no error was thrown';
}

/**
 * What may be repeated of an error that is not ours. JSON.parse and BigInt quote what they could not read, which may be
 * what a program printed: keys and clients' addresses.
 */
export function foreignMessage(error: Error): string {
  if (error instanceof SyntaxError) return 'what was read has not the form that it should have';
  return error.message.split('\n')[0] || error.name;
}
