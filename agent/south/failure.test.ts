import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { TurnpikeError } from '../../common/errors.ts';
import { classifyFailure } from './failure.ts';

const service = (code: status, details = 'words') =>
  Object.assign(new Error(`${code} ${details}`), { code, details });

it.each([
  ['revoked', service(status.UNAUTHENTICATED), 'revoked'],
  ['a report that contradicts another', service(status.ABORTED), 'refused'],
  ['not allowed', service(status.PERMISSION_DENIED), 'refused'],
  ['certificate ended', new TurnpikeError('unauthenticated', 'words'), 'refused'],
  ['controller gone', service(status.UNAVAILABLE), 'lost'],
  ['silence', new TurnpikeError('unavailable', 'words'), 'lost'],
  ['connection reset', service(status.INTERNAL, 'Received RST_STREAM with code 2'), 'lost'],
  ['controller could not', service(status.INTERNAL), 'failed'],
  ['not understood', service(status.INVALID_ARGUMENT), 'failed'],
  ['our own disk', new TurnpikeError('environment', 'words'), 'failed'],
  ['a bug', new Error('words'), 'failed'],
] as const)('%s', (_what, error, kind) => {
  const failure = classifyFailure(error);
  expect(failure.kind).toBe(kind);
  expect(failure.reason).toMatch(/words|RST_STREAM/);
});
