import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { answerOf } from './client.ts';
import type { OpenSession } from './session.ts';

export function addHoldVerbs(program: Command, open: OpenSession): void {
  const family = program
    .command('hold')
    .description('after a restore from a backup, nodes keep what they have until that is released');

  family
    .command('release')
    .description('the books are right again: nodes drop what is not in them, and what has ended by them ends')
    .option('--yes', 'is needed: devices that were sold since the backup and are not in the books are closed')
    .action(async ({ yes = false }: { yes?: boolean }, command: Command) => {
      if (!yes) {
        throw new TurnpikeError('invalid', 'whoever is on a node and not in the books would be closed', {
          remedy: 'first "turnpike reconcile billing.ndjson"; then again with --yes',
        });
      }
      const { api, print } = open(command);
      const hold = await answerOf(api.POST('/v1/hold/release'));
      print(hold, () =>
        hold.heldAt === null ? 'nothing is held' : `released; it was held since ${hold.heldAt}`,
      );
    });
}
