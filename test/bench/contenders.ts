import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planChanges } from '../../agent/gate/plan.ts';
import { renderChanges } from '../../agent/gate/render.ts';
import { renderPeers } from '../../agent/wireguard/wg-text.ts';
import { ownFolder } from '../lab/own.ts';
import type { Fleet } from './fleet.ts';
import { empty, type Stage } from './stage.ts';

/** One way to bring a whole fleet onto an empty node. What `prepare` does is not timed. */
export interface Contender {
  readonly name: string;
  prepare(stage: Stage, fleet: Fleet): Promise<() => Promise<void>>;
}

const validitySeconds = 86_400;

/** The tools alone, on files that are ready: nothing that uses them can be faster than that, one after the other. */
export const tools: Contender = {
  name: 'wg addconf, then nft -f',
  async prepare({ where, interfaceName }, { peers, model }) {
    // In memory, so that no disk is measured.
    const directory = ownFolder('/dev/shm');
    const peersFile = join(directory, 'peers.conf');
    const elementsFile = join(directory, 'elements.nft');
    await writeFile(peersFile, renderPeers(peers), { mode: 0o600 });
    await writeFile(elementsFile, renderChanges(planChanges(empty, model, 0), { validitySeconds, now: 0 }));
    return async () => {
      await where.run(['wg', 'addconf', interfaceName, peersFile]);
      await where.run(['nft', '-f', elementsFile]);
      await rm(directory, { recursive: true });
    };
  },
};

/** Our drivers: checks, plan, rendering and both tools, which may run at the same time. */
export const drivers: Contender = {
  name: 'drivers',
  async prepare({ gate, wireguard }, { peers, model }) {
    return async () => {
      await Promise.all([wireguard.upsert(peers), gate.apply(empty, model, validitySeconds)]);
    };
  },
};
