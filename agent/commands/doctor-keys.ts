import { TurnpikeError } from '../../common/errors.ts';
import { IdentityFile } from '../identity/identity-file.ts';
import { refuseExposed } from '../journal/exposure.ts';
import { refuseLostKey } from '../journal/key.ts';
import { type Finding, missing, ok } from './finding.ts';

/** What the agent itself refuses at its start, in the same words; nothing of a machine that has not joined. */
export async function checkKeys({ stateDirectory }: { readonly stateDirectory: string }): Promise<Finding[]> {
  try {
    refuseExposed(stateDirectory);
    const identity = await new IdentityFile(stateDirectory).load();
    if (identity === undefined) return [];
    refuseLostKey(stateDirectory, identity);
    return ok('keys', "are for the agent's user only");
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error;
    return missing('keys', error.message, error.remedy ?? 'run it as root');
  }
}
