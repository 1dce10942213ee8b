import type { Command } from 'commander';
import { addAdjustmentVerbs, adjustmentTable } from './adjustments.ts';
import { renewalTable } from './booking.ts';
import { allPages, answerOf, given } from './client.ts';
import type { SubscriptionDetail } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { showAccess, showBytes, showTime, showVolume } from './show.ts';
import { showConnections, showDevices, subscriptionTable } from './subscription-table.ts';
import { addTimeVerbs, at, showStart, type TimesOptions, toTimes, withTimes } from './subscription-times.ts';
import { renderProperties } from './table.ts';

export function addSubscriptionVerbs(program: Command, open: OpenSession): void {
  const family = program.command('subscription').description("an account's use of a tariff");

  withTimes(family.command('create').description('gives an account a tariff'))
    .requiredOption('--account <reference>', 'reference or id of the account')
    .requiredOption('--tariff <name>', 'name or id of the tariff')
    .action(async (input: { account: string; tariff: string } & TimesOptions, command: Command) => {
      const { api, print } = open(command);
      const { account, tariff } = input;
      const body = { account, tariff, ...toTimes(input) };
      const created = await answerOf(api.POST('/v1/subscriptions', { body }));
      print(created, () => `subscription ${created.id} created: ${showVolume(created.volumeBytes)}`);
    });

  family
    .command('list')
    .description('lists them')
    .option('--account <reference>', 'of this account and of those linked with it')
    .option('--only', 'of this account alone')
    .option('--search <text>', 'whose own reference begins so')
    .action(async (filter: { account?: string; only?: boolean; search?: string }, command: Command) => {
      const { api, print } = open(command);
      const { account, only, search } = filter;
      const page = await allPages((paging) =>
        api.GET('/v1/subscriptions', {
          params: { query: { ...given({ account, only, search }), ...paging } },
        }),
      );
      print(page, () => subscriptionTable(page.items));
    });

  family
    .command('show <subscription>')
    .description('everything about one')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const subscription = await answerOf(api.GET('/v1/subscriptions/{subscription}', at(id)));
      print(subscription, () => renderSubscription(subscription));
    });

  addAdjustmentVerbs(family, open);

  family
    .command('suspend <subscription>')
    .description('closes it on every node until it is resumed')
    .requiredOption('--reason <text>', 'why, for whoever reads the books later')
    .action(async (id: string, body: { reason: string }, command: Command) => {
      const { api, print } = open(command);
      const suspended = api.POST('/v1/subscriptions/{subscription}/suspend', { ...at(id), body });
      const subscription = await answerOf(suspended);
      print(subscription, () => `${id} is ${showAccess(subscription.access)}`);
    });

  family
    .command('resume <subscription>')
    .description('ends a suspension')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const subscription = await answerOf(api.POST('/v1/subscriptions/{subscription}/resume', at(id)));
      print(subscription, () => `${id} is ${showAccess(subscription.access)}`);
    });

  addTimeVerbs(family, open);
}

function renderSubscription(subscription: SubscriptionDetail): string {
  return [
    renderProperties([
      ['subscription', subscription.id],
      ['account', subscription.accountReference],
      ['tariff', subscription.tariff],
      ['devices', showDevices(subscription)],
      ['connections', showConnections(subscription)],
      ['access', showAccess(subscription.access)],
      ['volume', showVolume(subscription.volumeBytes)],
      [
        'period',
        subscription.periodEndsAt === null
          ? String(subscription.period)
          : `${subscription.period}, until ${showTime(subscription.periodEndsAt)}`,
      ],
      ['used', showBytes(subscription.usedBytes)],
      [
        'counted',
        subscription.countedBytes === subscription.usedBytes
          ? undefined
          : showBytes(subscription.countedBytes),
      ],
      ['throttled', subscription.throttledBytes === '0' ? undefined : showBytes(subscription.throttledBytes)],
      ['slow since', subscription.throttledAt === null ? undefined : showTime(subscription.throttledAt)],
      ['remaining', showVolume(subscription.remainingBytes)],
      [
        'written off',
        subscription.writtenOffBytes === '0' ? undefined : showBytes(subscription.writtenOffBytes),
      ],
      ['starts', showStart(subscription.startsAt)],
      ['expires', subscription.expiresAt === null ? 'never' : showTime(subscription.expiresAt)],
      [
        'grace until',
        subscription.endsAt === null || subscription.endsAt === subscription.expiresAt
          ? undefined
          : showTime(subscription.endsAt),
      ],
      ['time zone', subscription.timeZone],
      ['next tariff', subscription.nextTariff ?? undefined],
      ['enforcement', subscription.enforcement],
      ['created', showTime(subscription.createdAt)],
    ]),
    '',
    adjustmentTable(subscription.adjustments),
    ...(subscription.renewals.length > 0 ? ['', renewalTable(subscription.renewals)] : []),
  ].join('\n');
}
