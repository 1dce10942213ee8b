import { type Command, Option } from 'commander';
import { parseCount } from './arguments.ts';
import { answerOf, type Body, given, inPath } from './client.ts';
import type { Subscription, SubscriptionChange } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { showAccess, showTime } from './show.ts';

export interface TimesOptions {
  readonly timeZone?: string;
  readonly starts?: string;
  readonly expires?: string;
}

/** When a subscription starts and ends, as `subscription create` and `subscription set` take it. */
export function withTimes(command: Command): Command {
  return command
    .option('--time-zone <name>', 'by which days and months begin, such as Europe/Berlin (default: UTC)')
    .option('--starts <time>', 'now, first-connection, a date such as 2026-12-31, or 2026-12-31T18:00:00Z')
    .option(
      '--expires <time>',
      "a date or a time, or never (default: the tariff's duration after the start)",
    );
}

/** As the API takes them; what was not given is absent. */
export function toTimes({ timeZone, starts, expires }: TimesOptions) {
  return given({ timeZone, starts, expires: expires === 'never' ? null : expires });
}

/** The verbs of `turnpike subscription` that are about time. */
export function addTimeVerbs(family: Command, open: OpenSession): void {
  withTimes(
    family
      .command('set <subscription>')
      .description('changes when it starts, while it has not, or when it expires'),
  ).action(async (id: string, options: TimesOptions, command: Command) => {
    const { api, print } = open(command);
    const body = toTimes(options);
    const set = api.PATCH('/v1/subscriptions/{subscription}', { ...at(id), body });
    const subscription = await answerOf(set);
    print(subscription, () => `${id} ${showTimes(subscription)}, and is ${showAccess(subscription.access)}`);
  });

  family
    .command('renew <subscription>')
    .description('puts off the expiry; the same reference is never booked twice')
    .requiredOption('--reference <reference>', 'your own, such as the number of the payment')
    .option(
      '--periods <number>',
      "how many of the tariff's durations, or periods where it has none (default: 1)",
      parseCount,
    )
    .addOption(new Option('--until <time>', 'a date or a time in place of periods').conflicts('periods'))
    .action(async (id: string, body: Body<'renew'>, command: Command) => {
      const { api, print } = open(command);
      const renewed = api.POST('/v1/subscriptions/{subscription}/renewals', { ...at(id), body });
      const answer = await answerOf(renewed);
      const { access } = answer.subscription;
      print(
        answer,
        () => `${id} renewed until ${showTime(answer.renewal.untilAt)}, and is ${showAccess(access)}`,
      );
    });

  family
    .command('change <subscription>')
    .description('gives it another tariff')
    .requiredOption('--tariff <name>', 'name or id of the new one')
    .addOption(
      new Option('--when <when>', 'at once (default), or when its period turns').choices([
        'now',
        'next-period',
      ]),
    )
    .action(async (id: string, body: Body<'changeSubscriptionTariff'>, command: Command) => {
      const { api, print } = open(command);
      const changed = api.POST('/v1/subscriptions/{subscription}/tariff', { ...at(id), body });
      const change = await answerOf(changed);
      print(change, () => describeChange(id, change));
    });

  family
    .command('cancel <subscription>')
    .description('closes it on every node for good')
    .requiredOption('--reason <text>', 'why, for whoever reads the books later')
    .action(async (id: string, body: { reason: string }, command: Command) => {
      const { api, print } = open(command);
      const cancelled = api.POST('/v1/subscriptions/{subscription}/cancel', { ...at(id), body });
      const subscription = await answerOf(cancelled);
      print(subscription, () => `${id} is ${showAccess(subscription.access)}`);
    });
}

function describeChange(id: string, { subscription, when, newGroup }: SubscriptionChange): string {
  const { tariff, nextTariff } = subscription;
  const text =
    when === 'now'
      ? `${id} has the tariff ${tariff} now`
      : `${id} has the tariff ${nextTariff ?? tariff} from its next period on`;
  if (newGroup === null) return text;
  return `${text}\nits devices are served by the nodes of group ${newGroup} then: they need configurations for those`;
}

/** `starts …, expires …`. */
export function showTimes({ startsAt, expiresAt }: Subscription): string {
  return `starts ${showStart(startsAt)}, expires ${expiresAt === null ? 'never' : showTime(expiresAt)}`;
}

export function showStart(startsAt: string | null): string {
  return startsAt === null ? 'at its first connection' : showTime(startsAt);
}

/** A subscription, in the path of what is asked of it. */
export const at = (subscription: string) => inPath({ subscription });
