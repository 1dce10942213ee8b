import type { GateModel, Pass } from '../../agent/gate/model.ts';
import type { Fleet } from './fleet.ts';
import { empty, openStage } from './stage.ts';

/** What the everyday operations cost beside a whole fleet, milliseconds. */
export async function measureFigures(fleet: Fleet): Promise<ReadonlyMap<string, number>> {
  const stage = await openStage();
  const { gate, wireguard } = stage;
  const figures = new Map<string, number>();
  const time = async (what: string, action: () => Promise<unknown>) => {
    const start = performance.now();
    await action();
    figures.set(what, performance.now() - start);
  };
  try {
    const [last] = fleet.peers.slice(-1);
    const [[lastId, lastDevice] = []] = [...fleet.model.devices].slice(-1);
    if (last === undefined || lastId === undefined || lastDevice === undefined) return figures;
    const most: GateModel = { ...fleet.model, devices: new Map([...fleet.model.devices].slice(0, -1)) };
    const passing = (pass: Pass, quotas: GateModel['quotas'] = new Map()): GateModel => ({
      devices: new Map(most.devices).set(lastId, { ...lastDevice, pass }),
      quotas,
      limits: new Map(),
    });
    await wireguard.upsert(fleet.peers.slice(0, -1));
    await gate.apply(empty, most, 86_400);

    const granted = passing({ kind: 'quota', quota: 's_1' }, new Map([['s_1', { bytes: 1_000_000n }]]));
    const repointed = passing({ kind: 'quota', quota: 's_2' }, new Map([['s_2', { bytes: 1_000_000n }]]));
    await time('add one device: WireGuard', () => wireguard.upsert([last]));
    await time('add one device: gate', () => gate.apply(most, fleet.model, 86_400));
    await time('grant', () => gate.apply(fleet.model, granted, 86_400));
    await time('change to a fresh quota', () => gate.apply(granted, repointed, 86_400));
    await time('close', () => gate.apply(repointed, passing({ kind: 'closed' }), 86_400));
    await time('epoch', () => gate.epoch());
    await time('read quotas and counters', () => gate.read());
    await time('observe the table', () => gate.observe());
    await time('activity of all peers', () => wireguard.activity());
    await time('peers and addresses', () => wireguard.peers());
    await time('remove one device: WireGuard', () => wireguard.remove([last.publicKey]));
  } finally {
    await stage.close();
  }
  return figures;
}
