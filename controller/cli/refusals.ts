import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';

/** Verbs that people try, and that are not there for a reason. */
const refusals: Readonly<Record<string, { message: string; remedy: string }>> = {
  account: {
    message: 'accounts are kept: what they used stays billed',
    remedy: 'close it with turnpike account suspend ACCOUNT --reason TEXT',
  },
  subscription: {
    message: 'subscriptions are kept: what they used stays billed',
    remedy: 'close it with turnpike subscription suspend SUBSCRIPTION --reason TEXT',
  },
  group: {
    message: 'groups are kept: tariffs and nodes refer to them',
    remedy: 'leave it empty: move its nodes with turnpike node set NODE --group NAME',
  },
};

/** Says what to do, in place of "unknown command". Not in the help. To be called last. */
export function addRefusals(program: Command): void {
  for (const family of program.commands) {
    const refusal = refusals[family.name()];
    if (refusal === undefined) continue;
    const known = new Set(family.commands.map((verb) => verb.name()));
    for (const verb of ['remove', 'delete'].filter((name) => !known.has(name))) {
      family
        .command(`${verb} [name]`, { hidden: true })
        .allowUnknownOption()
        .allowExcessArguments()
        .action(() => {
          throw new TurnpikeError('conflict', refusal.message, { remedy: refusal.remedy });
        });
    }
  }
}
