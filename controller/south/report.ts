import { create } from '@bufbuild/protobuf';
import type { handleBidiStreamingCall } from '@grpc/grpc-js';
import { TurnpikeError } from '../../common/errors.ts';
import {
  type ReportRequest,
  ReportRequestSchema,
  type ReportResponse,
  ReportResponseSchema,
} from '../../common/gen/turnpike/v1/usage_pb.ts';
import type { SouthContext } from './context.ts';
import { type NodeStream, runNodeStream, type StreamCrowd } from './node-stream.ts';
import { parseMessage } from './parse-message.ts';

/** UsageService.Report, on the bytes of the wire (common/grpc/report-method.ts). */
export function reportHandler(
  context: SouthContext,
  crowd: StreamCrowd,
): handleBidiStreamingCall<Uint8Array, ReportResponse> {
  return (call) =>
    void runNodeStream('usage', call, context, crowd, (stream) =>
      stream.read((bytes) => bookReport(bytes, stream, context)),
    );
}

async function bookReport(
  bytes: Uint8Array,
  stream: NodeStream<ReportResponse>,
  { booking, state }: SouthContext,
): Promise<void> {
  try {
    await stream.checkValid();
    const report = parseReport(bytes);
    await booking.book(stream.identity, report, bytes);
    state.counters.reportsBooked += 1;
    await stream.send(create(ReportResponseSchema, { number: report.number }));
  } catch (error) {
    state.counters.reportsRefused += 1;
    throw error;
  }
}

function parseReport(bytes: Uint8Array): ReportRequest {
  const report = parseMessage(ReportRequestSchema, bytes);
  if (report.number === 0n) throw new TurnpikeError('invalid', 'reports are numbered from 1');
  return report;
}
