import type { MethodDefinition } from '@grpc/grpc-js';
import { type ReportResponse, UsageService } from '../gen/turnpike/v1/usage_pb.ts';
import { methodDefinition } from './service.ts';

/**
 * UsageService.Report with requests as the bytes of the wire. A report's identity is its content: the agent sends the
 * very bytes that its journal froze and the controller hashes the very bytes that came, so that no serializer of
 * either version stands between.
 */
export const reportMethod: MethodDefinition<Uint8Array, ReportResponse> = {
  ...methodDefinition(UsageService.method.report),
  requestSerialize: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  requestDeserialize: (bytes) => bytes,
};
