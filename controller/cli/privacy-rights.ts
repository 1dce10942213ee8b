import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { type ApiClient, answerOf, given, inPath } from './client.ts';
import type { Receipt } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { renderNotCovered, showJson, showTime } from './show.ts';
import { renderProperties, renderTable } from './table.ts';

interface ScopeOptions {
  readonly only?: true;
}

const onlyText = 'this account alone, without those linked with it';

/** What customers may ask for. */
export function addRightsVerbs(family: Command, open: OpenSession): void {
  family
    .command('export <account>')
    .description('a copy of all that is held of it and of linked accounts, as JSON')
    .option('--only', onlyText)
    .action(async (account: string, { only }: ScopeOptions, command: Command) => {
      const { api, terminal } = open(command);
      const params = { path: { account }, query: given({ only }) };
      const copy = await answerOf(api.GET('/v1/accounts/{account}/export', { params }));
      terminal.write(`${showJson(copy, 2)}\n`);
    });

  family
    .command('erase <account>')
    .description('erases it and linked accounts, from the database and from every node, for good')
    .option('--only', onlyText)
    .option('--yes', 'it is meant')
    .action(async (account: string, { only, yes }: ScopeOptions & { yes?: true }, command: Command) => {
      const { api, print } = open(command);
      if (!yes) await refuseUnmeant(api, account, only);
      const signed = await answerOf(
        api.POST('/v1/privacy/erasures', { body: { account, ...given({ only }) } }),
      );
      print(signed, () => renderReceipt(signed.receipt));
    });

  family
    .command('erasures')
    .description('all erasures, and how far they are')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const all = await answerOf(api.GET('/v1/privacy/erasures'));
      print(all, () =>
        renderTable(
          ['id', 'at', 'accounts', 'complete', 'backups until'],
          all.items.map((receipt) => [
            receipt.id,
            showTime(receipt.erasedAt),
            String(receipt.accounts),
            receipt.complete ? 'yes' : 'no',
            showTime(receipt.backupsUntilAt),
          ]),
        ),
      );
    });

  family
    .command('receipt <erasure>')
    .description('the receipt of an erasure as it stands now, signed with --json')
    .action(async (erasure: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const signed = await answerOf(api.GET('/v1/privacy/erasures/{erasure}', inPath({ erasure })));
      print(signed, () => renderReceipt(signed.receipt));
    });

  family
    .command('restrict <account>')
    .description('keeps what is held of it and of linked accounts, and uses it no more; it is suspended')
    .requiredOption('--reason <text>', 'why, for whoever reads the books later')
    .option('--only', onlyText)
    .action(
      async (account: string, { reason, only }: { reason: string } & ScopeOptions, command: Command) => {
        const { api, print } = open(command);
        const body = { reason, ...given({ only }) };
        const restricted = await answerOf(
          api.POST('/v1/accounts/{account}/restrict', { ...inPath({ account }), body }),
        );
        print(restricted, () =>
          [`account ${restricted.reference} is kept and not used`, ...renderNotCovered(restricted)].join(
            '\n',
          ),
        );
      },
    );

  family
    .command('unrestrict <account>')
    .description('lets it be used again; it stays suspended until "account resume"')
    .option('--only', onlyText)
    .action(async (account: string, { only }: ScopeOptions, command: Command) => {
      const { api, print } = open(command);
      const body = given({ only });
      const freed = await answerOf(
        api.POST('/v1/accounts/{account}/unrestrict', { ...inPath({ account }), body }),
      );
      print(freed, () => `account ${freed.reference} may be used again; it is still suspended`);
    });

  family
    .command('rectify <account>')
    .description('puts right under which reference a customer is known')
    .requiredOption('--reference <text>', 'the right one')
    .action(async (name: string, { reference }: { reference: string }, command: Command) => {
      const { api, print } = open(command);
      const account = await answerOf(
        api.POST('/v1/accounts/{account}/rectify', { ...inPath({ account: name }), body: { reference } }),
      );
      print(account, () => `account ${account.id} is ${account.reference} now`);
    });
}

/** @throws TurnpikeError `invalid`, which says what would be erased */
async function refuseUnmeant(api: ApiClient, name: string, only: true | undefined): Promise<never> {
  const params = { path: { account: name }, query: given({ only }) };
  const account = await answerOf(api.GET('/v1/accounts/{account}', { params }));
  const all = [account.reference, ...(only ? [] : account.linked)].map((one) => `"${one}"`).join(', ');
  const what = `${all} with ${account.subscriptions.length} subscription(s)`;
  throw new TurnpikeError('invalid', `this would erase ${what}, which does not come back`, {
    remedy: account.linked.length > 0 && !only ? 'say --yes, or --only for the first alone' : 'say --yes',
  });
}

function renderReceipt(receipt: Receipt): string {
  const counted = [
    `${receipt.accounts} account(s)`,
    `${receipt.subscriptions} subscription(s)`,
    `${receipt.devices} device(s)`,
  ];
  return [
    renderProperties([
      ['erasure', receipt.id],
      ['at', showTime(receipt.erasedAt)],
      ['erased', counted.join(', ')],
      ['complete', receipt.complete ? 'yes' : 'not yet'],
      ...receipt.nodes.map(({ name, state }): [string, string] => [`node ${name}`, state]),
    ]),
    '',
    'Not covered:',
    ...receipt.notCovered.map((line) => `- ${line}`),
  ].join('\n');
}
