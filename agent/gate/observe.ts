import { unexpected } from '../netlink/attributes.ts';
import type { KernelTable, TableElement } from './kernel-table.ts';
import type { GateSpeed, ObservedGate } from './model.ts';
import { bellOf, limitName, quotaName, speedKeys, speedMaps } from './names.ts';

/** All that our table holds. @throws TurnpikeError `environment` */
export async function observeTable(kernel: KernelTable): Promise<ObservedGate> {
  const counted = new Set<string>();
  const unlimited = new Set<string>();
  const allowance = new Set<string>();
  const quotaOf = new Map<string, string>();
  const unheard = new Set<string>();
  const endsIn = new Map<string, number>();
  const speedOf = new Map<string, GateSpeed>();
  for (const family of [4, 6]) {
    const up = new Set((await kernel.elements(`up${family}`)).map(({ address }) => address));
    for (const { address } of await kernel.elements(`down${family}`))
      if (up.has(address)) counted.add(address);
    for (const [name, set] of [
      ['unlimited', unlimited],
      ['idle', allowance],
    ] as const) {
      for (const { address, endsInMs } of await kernel.elements(`${name}${family}`)) {
        set.add(address);
        if (endsInMs !== undefined) endsIn.set(address, Math.floor(endsInMs / 1000));
      }
    }
    for (const { address } of await kernel.elements(`unheard${family}`)) unheard.add(address);
    for (const element of await kernel.elements(`grant${family}`)) {
      quotaOf.set(element.address, quotaName(targetOf(element)));
    }
    for (const key of speedKeys) {
      for (const element of await kernel.elements(`${speedMaps[key]}${family}`)) {
        const { address } = element;
        speedOf.set(address, { ...speedOf.get(address), [key]: limitName(targetOf(element)) });
      }
    }
  }
  const quotas = (await kernel.quotas()).filter(({ name }) => bellOf(name) === undefined);
  const limits = await kernel.limits();
  return {
    ...{ counted, unlimited, allowance, quotaOf, unheard, endsIn, speedOf },
    quotas: new Map(quotas.map(({ name, bytes }) => [quotaName(name), { bytes }])),
    limits: new Map(limits.map(({ name, bytesPerSecond }) => [limitName(name), { bytesPerSecond }])),
  };
}

function targetOf({ target }: TableElement): string {
  if (target === undefined) throw unexpected('an element points to no object');
  return target;
}
