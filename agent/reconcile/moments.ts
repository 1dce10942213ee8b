import type { DesiredSubscription } from '../desired/state.ts';

/** When something changes for a subscription by itself, by the controller's clock. */
function momentsOf({ periodEndsAt, endsAt }: DesiredSubscription): number[] {
  return [periodEndsAt, endsAt].filter((moment) => moment !== undefined);
}

/** The next such moment of any of these after `now`; Infinity for never. */
export function nextMoment(subscriptions: Iterable<DesiredSubscription>, now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const item of subscriptions) {
    for (const moment of momentsOf(item)) if (moment > now && moment < next) next = moment;
  }
  return next;
}

/** Ids of those that had one since `from`. */
export function reachedMoment(
  subscriptions: Iterable<DesiredSubscription>,
  from: number,
  now: number,
): string[] {
  return Array.from(subscriptions)
    .filter((item) => momentsOf(item).some((moment) => moment >= from && moment <= now))
    .map(({ id }) => id);
}
