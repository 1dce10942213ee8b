import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { parseCount } from './arguments.ts';
import { answerOf, given } from './client.ts';
import type { AuditEntry } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { showTime } from './show.ts';
import { renderTable } from './table.ts';

export function addAuditVerbs(program: Command, open: OpenSession): void {
  const family = program.command('audit').description('who did what, and what was refused');

  family
    .command('list')
    .description('the latest entries, the latest first')
    .option('--account <account>', 'of this account alone, by reference or id')
    .option('--limit <n>', 'how many, at most 1000', parseCount, 50)
    .option('--cursor <next>', '"next" of the page before, as --json shows it')
    .action(async (options: { account?: string; limit: number; cursor?: string }, command: Command) => {
      const { api, print } = open(command);
      const { account, limit, cursor } = options;
      const query = { limit, ...given({ account, cursor }) };
      const page = await answerOf(api.GET('/v1/audit', { params: { query } }));
      print(page, () => auditTable(page.items));
    });

  family
    .command('verify')
    .description('whether every entry is as it was written, and none is missing')
    .option('--head <id:hash>', 'an entry that was noted earlier; it must be in the log still')
    .action(async ({ head }: { head?: string }, command: Command) => {
      const { api, print } = open(command);
      const verdict = await answerOf(api.GET('/v1/audit/verify', { params: { query: given({ head }) } }));
      if (!verdict.whole) {
        throw new TurnpikeError('conflict', `the audit log is not whole: ${verdict.trouble}`, {
          remedy: 'somebody wrote to the database beside the controller; compare with a backup',
        });
      }
      const { entries, head: last } = verdict;
      print(verdict, () => `${entries} entries, whole; to be noted elsewhere: ${last.id}:${last.hash}`);
    });
}

function auditTable(items: readonly AuditEntry[]): string {
  return renderTable(
    ['at', 'who', 'what', 'to', 'result'],
    items.map((entry) => [
      showTime(entry.at),
      entry.actorName ?? (entry.uid === null ? entry.actor : `${entry.actor}, uid ${entry.uid}`),
      `${entry.method} ${entry.route}`.trim(),
      entry.erased ? '(erased)' : showSubject(entry.subject),
      `${entry.problem ?? 'done'}${entry.times > 1 ? `, ${entry.times} times` : ''}`,
    ]),
  );
}

/** Ids tell their kind themselves; figures do not. */
function showSubject(subject: AuditEntry['subject']): string {
  return Object.entries(subject)
    .map(([kind, value]) => (typeof value === 'number' ? `${kind} ${value}` : value))
    .join(' ');
}
