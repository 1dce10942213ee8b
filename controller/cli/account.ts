import type { Command } from 'commander';
import type { Account, AccountDetail } from './api.ts';
import type { OpenSession } from './session.ts';
import { showTime } from './show.ts';
import { subscriptionTable } from './subscription-table.ts';
import { renderProperties, renderTable } from './table.ts';

export function addAccountVerbs(program: Command, open: OpenSession): void {
  const family = program
    .command('account')
    .description("the operator's customers, each known by an opaque reference only");

  family
    .command('add <reference>')
    .description('adds an account under your own reference; no name, no e-mail')
    .action(async (reference: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const account = await api.send<Account>('POST', '/v1/accounts', { reference });
      print(account, () => `account ${account.reference} added (${account.id})`);
    });

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const accounts = await api.all<Account>('/v1/accounts');
      print(accounts, () =>
        renderTable(
          ['reference', 'id', 'since'],
          accounts.items.map(({ reference, id, createdAt }) => [reference, id, showTime(createdAt)]),
        ),
      );
    });

  family
    .command('show <account>')
    .description('an account, by reference or id, and its subscriptions')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const account = await api.get<AccountDetail>(`/v1/accounts/${encodeURIComponent(name)}`);
      print(account, () =>
        [
          renderProperties([
            ['reference', account.reference],
            ['id', account.id],
            ['since', showTime(account.createdAt)],
          ]),
          '',
          subscriptionTable(account.subscriptions),
        ].join('\n'),
      );
    });
}
