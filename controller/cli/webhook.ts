import type { Command } from 'commander';
import type { Delivery, SecretWebhook, Webhook } from './api.ts';
import { parseList } from './arguments.ts';
import type { OpenSession } from './session.ts';
import { showTime } from './show.ts';
import { renderTable } from './table.ts';

const typesText = 'only these events, such as volume.exhausted,key.shared, or "all"';

export function addWebhookVerbs(program: Command, open: OpenSession): void {
  const family = program.command('webhook').description('events sent to your billing backend, signed');

  family
    .command('add <url>')
    .description('sends events there from now on; shows the secret that they are signed with, once')
    .option('--types <list>', typesText, parseList)
    .action(async (url: string, { types }: { types?: string[] }, command: Command) => {
      const { api, print } = open(command);
      const added = await api.send<SecretWebhook>('POST', '/v1/webhooks', { url, ...toBody(types) });
      print(added, () => `webhook ${added.webhook.id} added; its secret, shown this once: ${added.secret}`);
    });

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const webhooks = await api.all<Webhook>('/v1/webhooks');
      print(webhooks, () => webhookTable(webhooks.items));
    });

  family
    .command('set <webhook>')
    .description('changes what is given')
    .option('--url <url>', 'where events are sent')
    .option('--types <list>', typesText, parseList)
    .action(async (id: string, options: { url?: string; types?: string[] }, command: Command) => {
      const { api, print } = open(command);
      const body = { ...(options.url && { url: options.url }), ...toBody(options.types) };
      const webhook = await api.send<Webhook>('PATCH', path(id), body);
      print(webhook, () => webhookTable([webhook]));
    });

  for (const [verb, enabled, text] of [
    ['enable', true, 'sends again, also what it did not get meanwhile'],
    ['disable', false, 'sends nothing; what comes is kept for it, for 30 days'],
  ] as const) {
    family
      .command(`${verb} <webhook>`)
      .description(text)
      .action(async (id: string, _options: object, command: Command) => {
        const { api, print } = open(command);
        const webhook = await api.send<Webhook>('PATCH', path(id), { enabled });
        print(webhook, () => webhookTable([webhook]));
      });
  }

  family
    .command('rotate <webhook>')
    .description('makes another secret and shows it once; for a day messages are signed with both')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const rotated = await api.send<SecretWebhook>('POST', `${path(id)}/rotate`);
      print(rotated, () => `the new secret of ${id}, shown this once: ${rotated.secret}`);
    });

  family
    .command('deliveries <webhook>')
    .description('what was sent and what is to be sent, newest first')
    .option('--state <state>', 'pending, delivered or failed')
    .action(async (id: string, { state }: { state?: string }, command: Command) => {
      const { api, print } = open(command);
      const deliveries = await api.all<Delivery>(`${path(id)}/deliveries`, { state });
      print(deliveries, () => deliveryTable(deliveries.items));
    });

  family
    .command('replay <webhook>')
    .description('sends one delivery again, or all events since a time')
    .option('--delivery <id>', 'this one')
    .option('--since <time>', 'all since this date or time')
    .action(async (id: string, what: { delivery?: string; since?: string }, command: Command) => {
      const { api, print } = open(command);
      const replayed = await api.send<{ deliveries: number }>('POST', `${path(id)}/replays`, what);
      print(replayed, () => `${replayed.deliveries} queued`);
    });

  family
    .command('remove <webhook>')
    .description('ends it, with its log')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const webhook = await api.send<Webhook>('DELETE', path(id));
      print(webhook, () => `webhook ${webhook.id} removed`);
    });
}

function toBody(types: string[] | undefined) {
  if (types === undefined) return {};
  return { types: types.join() === 'all' ? null : types };
}

function webhookTable(webhooks: readonly Webhook[]): string {
  return renderTable(
    ['webhook', 'url', 'events', 'state'],
    webhooks.map((one) => [one.id, one.url, one.types?.join(', ') ?? 'all', stateOf(one)]),
  );
}

function stateOf({ enabled, disabledReason, failingSinceAt }: Webhook): string {
  if (!enabled) return `disabled: ${disabledReason}`;
  return failingSinceAt === null ? 'enabled' : `failing since ${showTime(failingSinceAt)}`;
}

function deliveryTable(deliveries: readonly Delivery[]): string {
  return renderTable(
    ['delivery', 'event', 'type', 'state', 'attempts', 'last answer', 'next attempt'],
    deliveries.map((one) => [
      one.id,
      one.eventId,
      one.type ?? '',
      one.state,
      String(one.attempts),
      one.lastError ?? (one.lastStatus === null ? '' : String(one.lastStatus)),
      one.nextAttemptAt === null ? '' : showTime(one.nextAttemptAt),
    ]),
  );
}

function path(id: string): string {
  return `/v1/webhooks/${encodeURIComponent(id)}`;
}
