import { type Account, release, spareBytes } from './account.ts';
import { resting } from './arming.ts';
import { allowances, lesser } from './figures.ts';
import { closing, common, type Decision, type Situation } from './situation.ts';

export function recallDue({ account, desired }: Situation): boolean {
  return desired.recall > account.recall;
}

/** In mid-traffic only the spare goes back; the rest is owed until it is quiet. */
export function answerInTraffic(situation: Situation): Situation {
  return { ...situation, account: giveBack(situation, spareBytes(situation.account)), owing: true };
}

/** Nobody uses it: all goes back but the allowances, when those may stay. */
export function answerAtRest(situation: Situation): Decision {
  const { account, desired, live, openDevices } = situation;
  // Who is closed in mid-traffic goes on sending: once he may pass again, that is reason enough.
  const rest = openDevices.size > 0;
  const mustClose = live.kind === 'quota' || (live.kind === 'allowance' && !desired.allowance);
  if (mustClose) return { ...closing(situation), rest };
  // Only after a reading is known how much may still pass.
  if (!situation.settled) return { ...resting(situation), rest, again: true };
  const armed = live.kind === 'allowance' ? common(live.devices, openDevices).size : 0;
  const needed = desired.allowance ? allowances(openDevices.size - armed) : 0n;
  const spare = spareBytes(account);
  const answered = {
    ...situation,
    account: giveBack(situation, spare - lesser(spare, needed)),
    owing: false,
  };
  return { ...resting(answered), rest };
}

function giveBack({ account, desired }: Situation, bytes: bigint): Account {
  // A controller that was restored from a backup names an older recall; what was answered stays answered.
  return { ...release(account, bytes), recall: Math.max(account.recall, desired.recall) };
}
