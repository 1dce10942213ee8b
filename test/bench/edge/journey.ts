import { systemClock } from '../../../common/clock.ts';
import type { Arrival, Phase, Traveller } from './visit.ts';

export interface Journey {
  readonly traveller: Traveller;
  readonly arrivals: readonly (Arrival & { readonly phase: Phase })[];
}

/** From node to node in turn, staying a while after the first packet passed, until `over`. */
export async function travel(
  traveller: Traveller,
  stayMs: number,
  over: AbortSignal,
  now: () => Phase,
): Promise<Journey> {
  const arrivals: (Arrival & { readonly phase: Phase })[] = [];
  for (let node = 0; !over.aborted; node = (node + 1) % traveller.nodes) {
    const phase = now();
    const arrival = await traveller.arrive(node);
    if (!over.aborted) arrivals.push({ ...arrival, phase });
    await systemClock.sleep(stayMs, over);
    await traveller.leave();
  }
  return { traveller, arrivals };
}

/** Aborts once nothing has passed for so long. Resolves with what had passed, which `look` is shown all the time. */
export async function untilNothingPasses(
  travellers: readonly Traveller[],
  quietMs: number,
  look: (carried: bigint) => void,
): Promise<bigint> {
  let carried = 0n;
  let since = systemClock.monotonic();
  while (systemClock.monotonic() - since < quietMs) {
    await systemClock.sleep(500);
    const now = (await Promise.all(travellers.map((one) => one.carried()))).reduce(
      (sum, one) => sum + one,
      0n,
    );
    if (now !== carried) since = systemClock.monotonic();
    carried = now;
    look(carried);
  }
  return carried;
}
