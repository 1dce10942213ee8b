import { createHash } from 'node:crypto';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Subscription } from '../catalogue/views.ts';
import { toJson } from './json.ts';

/** What can be set of a thing. */
export interface Version {
  readonly id: string;
}

/** Loads what decides over an ETag: what can be set of a thing, and not what comes and goes by itself, such as usage. */
export interface Versioned {
  /** The name of the path's parameter. */
  readonly parameter: string;
  readonly load: (catalogue: Catalogue, name: string) => Promise<Version>;
}

export const versioned = {
  tariff: { parameter: 'tariff', load: (catalogue, name) => catalogue.getTariff(name) },
  group: { parameter: 'group', load: (catalogue, name) => catalogue.getGroup(name) },
  node: {
    parameter: 'node',
    load: async (catalogue, node) => {
      const { id, name, endpoint, group, multiplier, incarnation } = await catalogue.getNode(node);
      return { id, name, endpoint, group, multiplier, incarnation };
    },
  },
  device: {
    parameter: 'device',
    load: async (catalogue, device) => {
      const { id, status, publicKey, label, platform } = await catalogue.getDevice(device);
      return { id, status, publicKey, label, platform };
    },
  },
  subscription: {
    parameter: 'subscription',
    load: async (catalogue, name) => {
      const found = await catalogue.getSubscription(name);
      const { id, tariff, nextTariff, timeZone, starts, startsAt, expiresAt, cancelledAt } = found;
      const suspended = isSuspended(found);
      return { id, tariff, nextTariff, timeZone, starts, startsAt, expiresAt, cancelledAt, suspended };
    },
  },
} as const satisfies Record<string, Versioned>;

/** Strong, as If-Match needs it: it changes with whatever can be set. */
export function etagOf(version: Version): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(toJson(version)))
    .digest('base64url');
  return `"${digest.slice(0, 22)}"`;
}

/** If-Match (RFC 9110, 13.1.1). */
export function matches(header: string, etag: string): boolean {
  return header.split(',').some((one) => ['*', etag].includes(one.trim()));
}

function isSuspended({ access }: Subscription): boolean {
  return [...access.reasons, ...access.wouldClose].some(({ code }) => code === 'suspension');
}
