import type { GateDevice, GateLimit, GateModel, GateQuota } from '../gate/model.ts';
import { speedKeys } from '../gate/names.ts';

/** Of the way from `from` to `to`, only what concerns these devices. */
export function restrict(from: GateModel, to: GateModel, deviceIds: Iterable<string>): GateModel {
  const devices = new Map<string, GateDevice>(from.devices);
  for (const id of deviceIds) {
    const next = to.devices.get(id);
    if (next === undefined) devices.delete(id);
    else devices.set(id, next);
  }
  const quotas = new Map<string, GateQuota>();
  const limits = new Map<string, GateLimit>();
  for (const { pass, speed } of devices.values()) {
    if (pass.kind === 'quota') {
      const quota = to.quotas.get(pass.quota) ?? from.quotas.get(pass.quota);
      if (quota) quotas.set(pass.quota, quota);
    }
    for (const name of limitNames(speed)) {
      const limit = to.limits.get(name) ?? from.limits.get(name);
      if (limit) limits.set(name, limit);
    }
  }
  return { devices, quotas, limits };
}

export function limitNames(speed: GateDevice['speed']): string[] {
  return speedKeys.flatMap((key) => speed?.[key] ?? []);
}
