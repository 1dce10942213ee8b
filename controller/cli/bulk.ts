import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { printable } from '../../common/show.ts';
import { answerOf, given } from './client.ts';
import type { BulkResult } from './gen/api.ts';
import { mayHaveArrived } from './once.ts';
import { withProgress } from './progress.ts';
import type { OpenSession, Session } from './session.ts';
import { renderProperties, renderTable } from './table.ts';

interface Options {
  readonly dryRun?: boolean;
  readonly suspendExtra?: boolean;
}

const fileText = 'NDJSON, a subscription or a device a line; - is standard input';
const dryRunText = 'change nothing, and say what would be';

export function addBulkVerbs(program: Command, open: OpenSession): void {
  program
    .command('import')
    .argument('<file>', fileText)
    .description('creates and changes what the lines say; the same lines again change nothing')
    .option('--dry-run', dryRunText)
    .action(async (file: string, { dryRun }: Options, command: Command) => {
      const session = open(command);
      const sent = await lines(session, file);
      const query = given({ dryRun });
      const answer = answerOf(session.api.POST('/v1/import', { params: { query }, ...sent }));
      report(session, await answer.catch(cutOff(dryRun)));
    });

  program
    .command('reconcile')
    .argument('<file>', `the whole list of your billing system: ${fileText}`)
    .description('does what import does, and says what was missing, different, or is not listed')
    .option('--dry-run', dryRunText)
    .option('--suspend-extra', 'suspend subscriptions that are not listed; none where a line is refused')
    .action(async (file: string, { dryRun, suspendExtra }: Options, command: Command) => {
      const session = open(command);
      const sent = await lines(session, file);
      const query = given({ dryRun, suspendExtra });
      const answer = answerOf(session.api.POST('/v1/reconcile', { params: { query }, ...sent }));
      report(session, await answer.catch(cutOff(dryRun)));
    });

  program
    .command('export')
    .description('prints subscriptions, each followed by its devices, as lines that can be imported')
    .action(async (_options: object, command: Command) => {
      const { api, terminal } = open(command);
      const { data } = await api.GET('/v1/export', { parseAs: 'stream' });
      const decoder = new TextDecoder();
      for await (const bytes of data as unknown as AsyncIterable<Uint8Array>) {
        terminal.write(decoder.decode(bytes, { stream: true }));
        await terminal.drained();
      }
    });
}

/** A body that is read while it is sent. */
async function lines({ terminal }: Session, file: string) {
  const body = ReadableStream.from(withProgress(await terminal.openInput(file), terminal.showProgress));
  return {
    body,
    bodySerializer: (stream: unknown) => stream as never,
    headers: { 'content-type': 'application/x-ndjson' },
    duplex: 'half' as const,
  };
}

/** Which lines were sent says nothing of which were taken from the connection, let alone done. */
function cutOff(dryRun = false) {
  return (error: unknown): never => {
    if (dryRun || !mayHaveArrived(error)) throw error;
    throw new TurnpikeError('unavailable', `${error.message}; how many lines were done is not known`, {
      remedy: 'once it is reachable, send the whole list again: lines that were done change nothing then',
      cause: error,
    });
  };
}

function report({ print }: Session, result: BulkResult): void {
  print(result, () => renderResult(result));
  if (result.refused === 0) return;
  throw new TurnpikeError('invalid', `${result.refused} of ${result.lines} lines were refused`, {
    remedy: 'mend them, and import the same list again',
  });
}

function renderResult(result: BulkResult): string {
  const {
    dryRun,
    lines: count,
    subscriptions,
    devices,
    refused,
    extra,
    suspended,
    findings,
    leftOut,
  } = result;
  const words = ({ created, changed, unchanged }: BulkResult['devices']) =>
    `${created} created, ${changed} changed, ${unchanged} unchanged`;
  return [
    renderProperties([
      ['dry run', dryRun ? 'nothing was changed' : undefined],
      ['lines', String(count)],
      ['subscriptions', words(subscriptions)],
      ['devices', words(devices)],
      ['refused', refused === 0 ? undefined : String(refused)],
      ['not listed', extra === 0 ? undefined : `${extra}, of which ${suspended} were suspended`],
    ]),
    ...(findings.length === 0 ? [] : ['', findingTable(findings)]),
    ...(leftOut === 0 ? [] : [`and ${leftOut} more`]),
  ].join('\n');
}

function findingTable(findings: BulkResult['findings']): string {
  return renderTable(
    ['line', 'of', 'is', 'how'],
    findings.map(({ line, about, kind, differences, problem }) => [
      line === null ? '' : String(line),
      printable(about ?? ''),
      kind,
      problem === null
        ? differences
            .map(({ field, listed, found }) => `${field}: ${found ?? 'none'}, listed ${listed ?? 'none'}`)
            .join('; ')
        : [problem.detail, problem.remedy].filter(Boolean).join(': '),
    ]),
  );
}
