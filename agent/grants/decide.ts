import { type Account, release, spareBytes, writeOff } from './account.ts';
import { arming } from './arming.ts';
import { quietAfterMs } from './figures.ts';
import { answerAtRest, answerInTraffic, recallDue } from './recall.ts';
import { closing, type Decision, holding, type Situation, shut } from './situation.ts';

/** Decides what one subscription's devices may pass now. */
export function decide(situation: Situation): Decision {
  const { account, desired, live, openDevices, settled } = situation;
  // Before all else: unlimited needs no grant, and so no validity either.
  if (situation.refused) return shut(situation);
  if (situation.turning) return ending(situation);
  if (desired.metering === 'unlimited') {
    // What passes freely uses up no grant; spare grants still go back when they are asked for.
    const next = recallDue(situation) ? answerInTraffic(situation) : situation;
    return { ...holding(next, { kind: 'unlimited' }), owing: false };
  }
  // What passes until the swap is beyond the grant, as it was just before.
  if (live.kind === 'unlimited' && desired.throttle === undefined) return closing(situation);
  if (account.disturbed) {
    if (live.kind !== 'nothing' || !settled) return closing(situation);
    return decide({ ...situation, account: writeOff(account, situation.used) });
  }
  if (!situation.valid) return shut(situation);

  const quiet = situation.quietMs >= quietAfterMs || openDevices.size === 0;
  if (quiet && (recallDue(situation) || situation.owing)) return answerAtRest(situation);
  if (openDevices.size === 0) return shut(situation);
  return arming(recallDue(situation) ? answerInTraffic(situation) : situation);
}

/** Closes and reads, so that the next period can begin with nothing under way. */
function ending(situation: Situation): Decision {
  const { account, live, settled, used } = situation;
  if (!account.disturbed || live.kind !== 'nothing' || !settled) return closing(situation);
  return closing({ ...situation, account: writeOff(account, used) });
}

/** The controller took the subscription from this node: its devices are closed, and what is left goes back. */
export function decideRemoved(
  account: Account,
  live: boolean,
  settled: boolean,
): { account: Account; again: boolean } {
  if (live || !settled) return { account, again: true };
  return { account: release(account, spareBytes(account)), again: false };
}
