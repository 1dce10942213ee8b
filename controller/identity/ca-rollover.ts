import { TurnpikeError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { IdentityStore } from '../south/ports.ts';
import type { Authorities } from './authorities.ts';

/** How far the fleet's CAs are; pins as `sha256:` and hex. */
export interface CaStatus {
  readonly pin: string;
  /** null unless a rollover is under way. */
  readonly nextPin: string | null;
  /** Names of nodes that do not know the next one yet. */
  readonly waiting: readonly string[];
}

/** A new CA takes over from the old one, with all streams open: begun, waited for, finished. */
export interface CaRollover {
  status(): Promise<CaStatus>;
  /** Again while one is under way: changes nothing. */
  begin(): Promise<CaStatus>;
  /**
   * Drops the old CA. `abandon`: also when nodes do not know the new one, which must join anew then.
   * @throws TurnpikeError `conflict` when none is under way or nodes wait
   */
  finish(abandon: boolean): Promise<CaStatus>;
}

export function createCaRollover({
  authorities,
  identities,
  log,
}: {
  readonly authorities: Authorities;
  readonly identities: Pick<IdentityStore, 'notShown'>;
  readonly log: Logger;
}): CaRollover {
  const waiting = async () => (authorities.next ? identities.notShown(authorities.next.pin) : []);
  const status = async (): Promise<CaStatus> => ({
    pin: `sha256:${authorities.serving.pin}`,
    nextPin: authorities.next ? `sha256:${authorities.next.pin}` : null,
    waiting: await waiting(),
  });
  return {
    status,
    begin: async () => {
      await authorities.begin();
      log.info({ pin: authorities.next?.pin }, 'a new CA is to take over');
      return status();
    },
    finish: async (abandon) => {
      if (!authorities.next) {
        throw new TurnpikeError('conflict', 'no change of the CA is under way', {
          remedy: 'turnpike ca begin starts one',
        });
      }
      const left = await waiting();
      if (left.length > 0 && !abandon) {
        throw new TurnpikeError('conflict', `nodes do not know the new CA yet: ${listed(left)}`, {
          remedy:
            'wait until they were in contact, or remove them; --abandon drops the old CA all the same, and they must join anew',
        });
      }
      await authorities.finish();
      log.info({ pin: authorities.serving.pin, abandoned: left }, 'the old CA was dropped');
      return status();
    },
  };
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${first} and ${names.length - 10} more` : first;
}
