import type { Command } from 'commander';
import { allPages, answerOf, given, inPath } from './client.ts';
import type { Account, AccountChange, AccountDetail } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { showTime } from './show.ts';
import { subscriptionTable } from './subscription-table.ts';
import { renderProperties, renderTable } from './table.ts';

interface ScopeOptions {
  readonly only?: boolean;
}

const onlyText = 'this account alone, without those linked with it';

export function addAccountVerbs(program: Command, open: OpenSession): void {
  const family = program
    .command('account')
    .description("the operator's customers, each known by an opaque reference only");

  family
    .command('add <reference>')
    .description('adds an account under your own reference; no name, no e-mail')
    .option('--tag <tag>', 'API keys can be confined to it')
    .action(async (reference: string, { tag }: { tag?: string }, command: Command) => {
      const { api, print } = open(command);
      const account = await answerOf(api.POST('/v1/accounts', { body: { reference, ...given({ tag }) } }));
      print(account, () => `account ${account.reference} added (${account.id})`);
    });

  family
    .command('set <account>')
    .description('changes what is given')
    .option('--tag <tag>', 'API keys can be confined to it; "none" takes it away')
    .action(async (name: string, { tag }: { tag?: string }, command: Command) => {
      const { api, print } = open(command);
      const body = given({ tag: tag === 'none' ? null : tag });
      const account = await answerOf(
        api.PATCH('/v1/accounts/{account}', { ...inPath({ account: name }), body }),
      );
      print(
        account,
        () => `account ${account.reference} has ${account.tag ? `the tag ${account.tag}` : 'no tag'}`,
      );
    });

  family
    .command('list')
    .description('lists them all')
    .option('--search <text>', 'whose reference begins so')
    .action(async ({ search }: { search?: string }, command: Command) => {
      const { api, print } = open(command);
      const accounts = await allPages((paging) =>
        api.GET('/v1/accounts', { params: { query: { ...given({ search }), ...paging } } }),
      );
      print(accounts, () =>
        renderTable(
          ['reference', 'id', 'linked with', 'since'],
          accounts.items.map(({ reference, id, linked, createdAt }) => [
            reference,
            id,
            linked.join(', '),
            showTime(createdAt),
          ]),
        ),
      );
    });

  family
    .command('show <account>')
    .description('an account, by reference or id, with its subscriptions and those of linked accounts')
    .option('--only', onlyText)
    .action(async (name: string, options: ScopeOptions, command: Command) => {
      const { api, print } = open(command);
      const { path } = inPath({ account: name }).params;
      const params = { path, query: scopeOf(options) };
      const account = await answerOf(api.GET('/v1/accounts/{account}', { params }));
      print(account, () => renderAccount(account));
    });

  family
    .command('link <account> <other>')
    .description('links two accounts, and all that they are linked with, into one set')
    .action(async (name: string, other: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const body = { with: other };
      const account = await answerOf(api.POST('/v1/accounts/{account}/link', { ...at(name), body }));
      print(account, () => `account ${account.reference} is linked with ${account.linked.join(', ')}`);
    });

  family
    .command('unlink <account>')
    .description('takes it out of its set; the others stay linked')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const account = await answerOf(api.DELETE('/v1/accounts/{account}/link', at(name)));
      print(account, () => `account ${account.reference} stands alone${stillSuspended(account)}`);
    });

  family
    .command('suspend <account>')
    .description(
      'closes all subscriptions of it and of linked accounts, also later ones, until it is resumed',
    )
    .requiredOption('--reason <text>', 'why, for whoever reads the books later')
    .option('--only', onlyText)
    .action(async (name: string, options: { reason: string } & ScopeOptions, command: Command) => {
      const { api, print } = open(command);
      const { reason } = options;
      const body = { reason, ...scopeOf(options) };
      const account = await answerOf(api.POST('/v1/accounts/{account}/suspend', { ...at(name), body }));
      print(account, () => renderChange('suspended', account));
    });

  family
    .command('resume <account>')
    .description('ends the suspension of it, and of linked accounts that were suspended together with it')
    .option('--only', onlyText)
    .action(async (name: string, options: ScopeOptions, command: Command) => {
      const { api, print } = open(command);
      const body = scopeOf(options);
      const account = await answerOf(api.POST('/v1/accounts/{account}/resume', { ...at(name), body }));
      print(account, () => renderChange('resumed', account));
    });
}

function scopeOf({ only }: ScopeOptions): { only?: true } {
  return only ? { only: true } : {};
}

const at = (account: string) => inPath({ account });

/** Others than the one that was named are opened or closed, too. */
function renderChange(what: 'suspended' | 'resumed', { changed, subscriptions }: AccountChange): string {
  return [`${what}: ${changed.join(', ')}`, '', subscriptionTable(subscriptions)].join('\n');
}

/** Whoever was suspended together with others is not resumed with them any more. */
function stillSuspended({ reference, suspendedAt }: Account): string {
  return suspendedAt === null ? '' : `, and stays suspended until turnpike account resume "${reference}"`;
}

function renderAccount(account: AccountDetail): string {
  return [
    renderProperties([
      ['reference', account.reference],
      ['id', account.id],
      ['linked with', account.linked.length === 0 ? undefined : account.linked.join(', ')],
      [
        'suspended',
        account.suspendedAt === null
          ? undefined
          : `since ${showTime(account.suspendedAt)}: ${account.suspensionReason}`,
      ],
      ['since', showTime(account.createdAt)],
    ]),
    '',
    subscriptionTable(account.subscriptions),
  ].join('\n');
}
