import type { GateDevice, GateModel, GateQuota } from '../gate/model.ts';

/** Of the way from `from` to `to`, only what concerns these devices. */
export function restrict(from: GateModel, to: GateModel, deviceIds: Iterable<string>): GateModel {
  const devices = new Map<string, GateDevice>(from.devices);
  for (const id of deviceIds) {
    const next = to.devices.get(id);
    if (next === undefined) devices.delete(id);
    else devices.set(id, next);
  }
  const quotas = new Map<string, GateQuota>();
  for (const { pass } of devices.values()) {
    if (pass.kind !== 'quota') continue;
    const quota = to.quotas.get(pass.quota) ?? from.quotas.get(pass.quota);
    if (quota) quotas.set(pass.quota, quota);
  }
  return { devices, quotas };
}
