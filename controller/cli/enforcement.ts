import { Argument, type Command, Option } from 'commander';
import { answerOf, type Body, given } from './client.ts';
import type { OpenSession } from './session.ts';

interface Scope {
  readonly group?: string;
  readonly tariff?: string;
}

export function addEnforcementVerb(program: Command, open: OpenSession): void {
  program
    .command('enforcement')
    .description(
      'whether limits are enforced or only observed; for the fleet unless a group or tariff is named',
    )
    .addArgument(
      new Argument('<mode>', "inherit: the tariff's word before the group's before the fleet's").choices([
        'observe',
        'enforce',
        'inherit',
      ]),
    )
    .addOption(new Option('--group <name>', 'for the nodes of this group'))
    .addOption(new Option('--tariff <name>', 'for the subscriptions of this tariff').conflicts('group'))
    .action(async (enforcement: Body<'switchEnforcement'>['enforcement'], scope: Scope, command: Command) => {
      const { api, print } = open(command);
      const body = { enforcement, ...given({ group: scope.group, tariff: scope.tariff }) };
      const set = await answerOf(api.PUT('/v1/enforcement', { body }));
      print(set, () => `${showScope(scope)}: ${enforcement}`);
    });
}

function showScope({ group, tariff }: Scope): string {
  if (group !== undefined) return `group ${group}`;
  return tariff === undefined ? 'fleet' : `tariff ${tariff}`;
}
