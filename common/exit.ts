import type { ErrorCode } from './errors.ts';

/** Exit codes of all commands, after sysexits(3): scripts may tell "you typed it wrong" from "try again later". */
export const exitCodes = {
  invalid: 64,
  not_found: 66,
  conflict: 65,
  exhausted: 71,
  unauthenticated: 77,
  forbidden: 77,
  unavailable: 69,
  environment: 72,
  internal: 70,
} as const satisfies Record<ErrorCode, number>;
