import type { Command } from 'commander';
import { systemClock } from '../../common/clock.ts';
import { printable } from '../../common/show.ts';
import { allPages, given, type Page, type Query } from './client.ts';
import { followEvents } from './event-stream.ts';
import type { Event } from './gen/api.ts';
import type { OpenSession, Session } from './session.ts';
import { showJson, showTime } from './show.ts';
import { renderTable } from './table.ts';

interface EventOptions {
  readonly type?: Event['type'];
  readonly subscription?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

export function addEventsVerb(program: Command, open: OpenSession): void {
  program
    .command('events')
    .description('what happened in the last 30 days: limits reached, thresholds, nodes lost and found')
    .option('--type <type>', 'of this type only, such as device.limit')
    .option('--subscription <id>', 'of this subscription only, by id or account')
    .option('--follow', 'go on with what happens from now on, one line for each (with --json: JSON)')
    .action(async (options: EventOptions, command: Command) => {
      const session = open(command);
      const { type, subscription } = options;
      const filter = given({ type, subscription });
      const page = await listEvents(session, filter);
      if (!options.follow) return session.print(page, () => eventTable(page.items));
      const line = command.optsWithGlobals<EventOptions>().json
        ? (event: Event) => showJson(event)
        : (event: Event) => printable(eventLine(event));
      await follow(session, page.items, filter, line);
    });
}

function listEvents({ api }: Session, filter: Query<'listEvents'>): Promise<Page<Event>> {
  return allPages((paging) => api.GET('/v1/events', { params: { query: { ...filter, ...paging } } }));
}

/** Until the person has seen enough. */
async function follow(
  { api, terminal }: Session,
  seen: readonly Event[],
  filter: Query<'listEvents'>,
  line: (event: Event) => string,
): Promise<void> {
  const interrupted = terminal.untilInterrupted();
  for (const event of seen) terminal.write(`${line(event)}\n`);
  const after = seen.at(-1)?.id ?? '0';
  for await (const event of followEvents(api, systemClock, filter, after, interrupted)) {
    terminal.write(`${line(event)}\n`);
  }
}

function eventTable(events: readonly Event[]): string {
  return renderTable(
    ['event', 'at', 'type', 'about', 'more'],
    events.map((event) => [event.id, showTime(event.at), event.type, showSubject(event), showData(event)]),
  );
}

function eventLine(event: Event): string {
  return [event.at, event.type, showSubject(event), showData(event)].filter((part) => part !== '').join('  ');
}

function showSubject({ subscriptionId, deviceId, nodeId }: Event): string {
  return [subscriptionId, deviceId, nodeId].filter((id) => id !== null).join(' ');
}

function showData({ data }: Event): string {
  return Object.entries(data)
    .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' ');
}
