import { type ErrorCode, TurnpikeError } from '../../common/errors.ts';
import { exitCodes } from '../../common/exit.ts';
import type { Problem } from './gen/api.ts';

const prefix = 'urn:turnpike:problem:';

/** The TurnpikeError that the controller threw, from its problem document. */
export function problemToError(status: number, text: string): TurnpikeError {
  let problem: Partial<Problem>;
  try {
    problem = JSON.parse(text) as Partial<Problem>;
  } catch {
    problem = {};
  }
  if (problem.type?.startsWith(prefix) !== true) return notOurs(status);
  const code = problem.type.slice(prefix.length).replaceAll('-', '_');
  const field = problem.errors?.[0]?.pointer.split('/')[1];
  return new TurnpikeError(
    code in exitCodes ? (code as ErrorCode) : codeOfStatus(status),
    problem.detail ?? problem.title ?? code,
    {
      ...(problem.remedy !== undefined && { remedy: problem.remedy }),
      ...(field !== undefined && field !== '' && { field }),
    },
  );
}

export function notOurs(status: number): TurnpikeError {
  return new TurnpikeError('unavailable', `what answers is not Turnpike's API (status ${status})`, {
    remedy: 'look at --socket or --url',
  });
}

/** Of the problems that are HTTP's alone. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 403) return 'forbidden';
  if (status === 409 || status === 412) return 'conflict';
  return status === 429 ? 'unavailable' : 'invalid';
}
