import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { TurnpikeError } from '../../common/errors.ts';
import { findViolations } from '../../common/violation.ts';
import type { Line, NumberedLine } from '../bulk/line.ts';
import { type BulkResult, Tally } from '../bulk/result.ts';
import { splitLines } from './ndjson.ts';
import { InvalidRequest, toProblem } from './problem.ts';
import { DeviceLine, SubscriptionLine } from './schemas/bulk.ts';

const schemas = { subscription: SubscriptionLine, device: DeviceLine };
const compiled = { subscription: Compile(SubscriptionLine), device: Compile(DeviceLine) };

/** Lines as the schema has them; what is wrong with one stands in its place. */
export async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<NumberedLine> {
  for await (const { number, text } of splitLines(bytes)) {
    yield { number, line: text instanceof TurnpikeError ? text : parse(text) };
  }
}

function parse(text: string): Line | TurnpikeError {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return new TurnpikeError('invalid', 'the line is not JSON', { remedy: 'write one JSON object a line' });
  }
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  if (type !== 'subscription' && type !== 'device') {
    return new TurnpikeError('invalid', 'type: must be "subscription" or "device"', { field: 'type' });
  }
  if (compiled[type].Check(value)) return value as Line;
  const schema: TSchema = schemas[type];
  return new InvalidRequest('line', findViolations(schema, value));
}

/** For the lines of a request: its entry in the audit log says how many there were of each, also if it is cut short. */
export function countLines(request: FastifyRequest, dryRun = false): Tally {
  const tally = new Tally();
  request.figures = () => {
    const { lines, refused, counts } = tally;
    if (lines === 0) return undefined;
    const created = counts.subscription.created + counts.device.created;
    const changed = counts.subscription.changed + counts.device.changed;
    return { created, changed, refused, ...(dryRun && { dryRun: 1 }) };
  };
  return tally;
}

/** As the API answers it. */
export function showResult({ findings, ...result }: BulkResult) {
  return {
    ...result,
    findings: findings.map(({ error, differences, ...finding }) => ({
      ...finding,
      differences: [...differences],
      problem: error === null ? null : toProblem(error),
    })),
  };
}
