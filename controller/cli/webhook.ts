import type { Command } from 'commander';
import { parseList } from './arguments.ts';
import { allPages, answerOf, type Body, given, inPath } from './client.ts';
import type { Delivery, Webhook } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { showTime } from './show.ts';
import { renderTable } from './table.ts';

type Types = NonNullable<Webhook['types']>;

const typesText = 'only these events, such as volume.exhausted,key.shared, or "all"';

export function addWebhookVerbs(program: Command, open: OpenSession): void {
  const family = program.command('webhook').description('events sent to your billing backend, signed');

  family
    .command('add <url>')
    .description('sends events there from now on; shows the secret that they are signed with, once')
    .option('--types <list>', typesText, parseList)
    .action(async (url: string, { types }: { types?: Types }, command: Command) => {
      const { api, print } = open(command);
      const added = await answerOf(api.POST('/v1/webhooks', { body: { url, ...toBody(types) } }));
      print(added, () => `webhook ${added.webhook.id} added; its secret, shown this once: ${added.secret}`);
    });

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const webhooks = await allPages((query) => api.GET('/v1/webhooks', { params: { query } }));
      print(webhooks, () => webhookTable(webhooks.items));
    });

  family
    .command('show <webhook>')
    .description('one of them')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const webhook = await answerOf(api.GET('/v1/webhooks/{webhook}', at(id)));
      print(webhook, () => webhookTable([webhook]));
    });

  family
    .command('set <webhook>')
    .description('changes what is given')
    .option('--to <url>', 'where events are sent')
    .option('--types <list>', typesText, parseList)
    .action(async (id: string, options: { to?: string; types?: Types }, command: Command) => {
      const { api, print } = open(command);
      const body = { ...given({ url: options.to }), ...toBody(options.types) };
      const webhook = await answerOf(api.PATCH('/v1/webhooks/{webhook}', { ...at(id), body }));
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
        const body = { enabled };
        const webhook = await answerOf(api.PATCH('/v1/webhooks/{webhook}', { ...at(id), body }));
        print(webhook, () => webhookTable([webhook]));
      });
  }

  family
    .command('rotate <webhook>')
    .description('makes another secret and shows it once; for a day messages are signed with both')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const rotated = await answerOf(api.POST('/v1/webhooks/{webhook}/rotate', at(id)));
      print(rotated, () => `the new secret of ${id}, shown this once: ${rotated.secret}`);
    });

  family
    .command('deliveries <webhook>')
    .description('what was sent and what is to be sent, newest first')
    .option('--state <state>', 'pending, delivered or failed')
    .action(async (id: string, { state }: { state?: Delivery['state'] }, command: Command) => {
      const { api, print } = open(command);
      const { path } = at(id).params;
      const deliveries = await allPages((paging) =>
        api.GET('/v1/webhooks/{webhook}/deliveries', {
          params: { path, query: { ...given({ state }), ...paging } },
        }),
      );
      print(deliveries, () => deliveryTable(deliveries.items));
    });

  family
    .command('replay <webhook>')
    .description('sends one delivery again, or all events since a time')
    .option('--delivery <id>', 'this one')
    .option('--since <time>', 'all since this date or time')
    .action(async (id: string, body: Body<'replayWebhook'>, command: Command) => {
      const { api, print } = open(command);
      const replayed = await answerOf(api.POST('/v1/webhooks/{webhook}/replays', { ...at(id), body }));
      print(replayed, () => `${replayed.deliveries} queued`);
    });

  family
    .command('remove <webhook>')
    .description('ends it, with its log')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const webhook = await answerOf(api.DELETE('/v1/webhooks/{webhook}', at(id)));
      print(webhook, () => `webhook ${webhook.id} removed`);
    });
}

function toBody(types: Types | undefined) {
  return given({ types: types?.join() === 'all' ? null : types });
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

const at = (webhook: string) => inPath({ webhook });
