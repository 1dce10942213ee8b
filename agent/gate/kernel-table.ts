import { TurnpikeError } from '../../common/errors.ts';
import {
  allAttributes,
  attribute,
  numberOf,
  textAttribute,
  textOf,
  unexpected,
  wordAttribute,
} from '../netlink/attributes.ts';
import { dump } from '../netlink/dump.ts';
import type { NetlinkSocket } from '../netlink/socket.ts';
import { addressText } from './address-text.ts';
import { lifePrefix } from './frame.ts';
import { tableName } from './names.ts';

// linux/netfilter/nf_tables.h
const getChains = 4;
const chain = { table: 1, handle: 2, name: 3 } as const;
const getObjects = 19;
const object = { table: 1, name: 2, type: 3, data: 4 } as const;
const quota = { type: 2, bytes: 1, used: 4 } as const;
const limit = { type: 4, rate: 1 } as const;
const getElements = 13;
const list = { table: 1, set: 2, elements: 3, element: 1 } as const;
const element = { key: 1, expiration: 5, expression: 7, target: 9 } as const;
const dataValue = 1;
const expression = { name: 1, data: 2 } as const;
const counter = Buffer.from('counter\0');
const counterBytes = 1;

export interface QuotaObject {
  readonly name: string;
  /** Bytes that may pass in all. */
  readonly bytes: bigint;
  /** Bytes that passed or tried to. */
  readonly used: bigint;
}

export interface LimitObject {
  readonly name: string;
  readonly bytesPerSecond: bigint;
}

export interface TableElement {
  /** As the kernel prints it (RFC 5952). */
  readonly address: string;
  /** Bytes, where the set counts. */
  readonly counted: bigint | undefined;
  /** Milliseconds, for what ends by itself. */
  readonly endsInMs: number | undefined;
  /** Of a map: the object to which it points. */
  readonly target: string | undefined;
}

/**
 * Our table as the kernel has it, asked without the `nft` program: of ten thousand devices it takes three times as long. Each list is of one moment; two lists are not of the same.
 * @throws TurnpikeError `environment`, as all here do; the signal's reason when it ends it
 */
export class KernelTable {
  readonly #open: () => NetlinkSocket;
  readonly #signal: AbortSignal | undefined;

  constructor(open: () => NetlinkSocket, signal?: AbortSignal) {
    this.#open = open;
    this.#signal = signal;
  }

  /** What tells this table from every other that was ever made: its tag and a kernel handle. Undefined without a table. */
  async life(): Promise<string | undefined> {
    const chains = await dump(this.#open, getChains, [], this.#signal);
    for (const bytes of chains ?? []) {
      const name = textOf(attribute(bytes, chain.name));
      if (!name.startsWith(lifePrefix) || textOf(attribute(bytes, chain.table)) !== tableName) continue;
      return `${name.slice(lifePrefix.length)}/${numberOf(attribute(bytes, chain.handle))}`;
    }
    return undefined;
  }

  async quotas(): Promise<QuotaObject[]> {
    const objects = await this.#objects(quota.type);
    return objects.map(({ name, data }) => ({
      name,
      bytes: numberOf(attribute(data, quota.bytes)),
      used: numberOf(attribute(data, quota.used)),
    }));
  }

  async limits(): Promise<LimitObject[]> {
    const objects = await this.#objects(limit.type);
    return objects.map(({ name, data }) => ({
      name,
      bytesPerSecond: numberOf(attribute(data, limit.rate)),
    }));
  }

  /** @throws TurnpikeError `not_found` when there is no such set or map */
  async elements(set: string): Promise<TableElement[]> {
    const wanted = [textAttribute(list.table, tableName), textAttribute(list.set, set)];
    const lists = await dump(this.#open, getElements, wanted, this.#signal);
    if (lists === undefined) throw new TurnpikeError('not_found', `of our table, ${set} is missing`);
    return lists.flatMap((bytes) => {
      const elements = attribute(bytes, list.elements);
      return elements === undefined ? [] : allAttributes(elements, list.element).map(readElement);
    });
  }

  async #objects(type: number): Promise<{ name: string; data: Buffer }[]> {
    const wanted = [textAttribute(object.table, tableName), wordAttribute(object.type, type)];
    const found = (await dump(this.#open, getObjects, wanted, this.#signal)) ?? [];
    return found.map((bytes) => {
      const data = attribute(bytes, object.data);
      if (data === undefined) throw unexpected('an object says nothing');
      return { name: textOf(attribute(bytes, object.name)), data };
    });
  }
}

function readElement(bytes: Buffer): TableElement {
  const key = attribute(bytes, element.key);
  const own = attribute(bytes, element.expression);
  const expiration = attribute(bytes, element.expiration);
  const target = attribute(bytes, element.target);
  return {
    address: addressText(key && attribute(key, dataValue)),
    counted: own && countedIn(own),
    endsInMs: expiration && Number(numberOf(expiration)),
    target: target && textOf(target),
  };
}

/** Bytes; undefined for what is no counter: the quota of an allowance. */
function countedIn(own: Buffer): bigint | undefined {
  if (attribute(own, expression.name)?.equals(counter) !== true) return undefined;
  const data = attribute(own, expression.data);
  if (data === undefined) throw unexpected('an element counts nothing');
  return numberOf(attribute(data, counterBytes));
}
