import type { Change, OpenPass } from './change.ts';
import type { GateSpeed } from './model.ts';
import { addressFamily, limitObject, quotaObject, speedKeys, speedMaps, tableName } from './names.ts';

export interface Times {
  /** After so long a grant element ends by itself. */
  readonly validitySeconds: number;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/**
 * The changes as one nft transaction.
 *
 * An element is deleted by adding and deleting it: adding what is there changes nothing, and deleting what is not there
 * would fail the transaction. It may be gone because its time ended, or a packet or somebody deleted it.
 */
export function renderChanges(changes: readonly Change[], times: Times): string {
  const { validitySeconds } = times;
  if (!Number.isInteger(validitySeconds) || validitySeconds < 1) {
    throw new RangeError(`validity of ${validitySeconds} s`);
  }
  const script = new Script(times);
  for (const change of changes) {
    switch (change.kind) {
      case 'arm':
        script.line(`add quota inet ${tableName} ${quotaObject(change.quota)} { ${change.bytes} bytes }`);
        break;
      case 'disarm':
        script.line(`delete quota inet ${tableName} ${quotaObject(change.quota)}`);
        break;
      case 'limit':
        script.line(
          `add limit inet ${tableName} ${limitObject(change.limit)} ` +
            `{ rate over ${change.bytesPerSecond} bytes/second burst ${burstBytes} bytes }`,
        );
        break;
      case 'unlimit':
        script.line(`delete limit inet ${tableName} ${limitObject(change.limit)}`);
        break;
      case 'pace':
        script.pace('add', change.address, change.speed);
        break;
      case 'unpace':
        script.pace('delete', change.address, change.speed);
        break;
      case 'count':
        script.count('add', change.address);
        break;
      case 'forget':
        script.count('delete', change.address);
        break;
      case 'mark':
        script.mark('add', change.address);
        break;
      case 'hear':
        script.mark('delete', change.address);
        break;
      case 'admit':
        script.pass('add', change.address, change.pass, change.endsAt);
        break;
      case 'expel':
        script.pass('delete', change.address, change.pass, undefined);
        break;
    }
  }
  return script.toString();
}

// A bucket of tokens holds a second's worth and this: at the slowest speeds what TCP sends first must fit too.
export const burstBytes = 16_384;

type Verb = 'add' | 'delete';

// Gathers elements of one set and one verb into one command: nft reads one list of 10,000 much faster than 10,000
// commands. Commands of one verb touch different elements or different sets, so their order among each other is free.
class Script {
  readonly #times: Times;
  readonly #lines: string[] = [];
  readonly #elements = new Map<string, string[]>();
  #verb: Verb | undefined;

  constructor(times: Times) {
    this.#times = times;
  }

  line(text: string): void {
    this.#flush();
    this.#lines.push(text);
  }

  count(verb: Verb, address: string): void {
    const family = addressFamily(address);
    this.#element(verb, `up${family}`, address);
    this.#element(verb, `down${family}`, address);
  }

  pace(verb: Verb, address: string, speed: GateSpeed): void {
    const family = addressFamily(address);
    for (const key of speedKeys) {
      const limit = speed[key];
      if (limit === undefined) continue;
      this.#element(verb, `${speedMaps[key]}${family}`, `${address} : "${limitObject(limit)}"`);
    }
  }

  mark(verb: Verb, address: string): void {
    this.#element(verb, `unheard${addressFamily(address)}`, address);
  }

  pass(verb: Verb, address: string, pass: OpenPass, endsAt: number | undefined): void {
    const family = addressFamily(address);
    const { validitySeconds, now } = this.#times;
    const left = endsAt === undefined ? Number.POSITIVE_INFINITY : endsAt - now;
    switch (pass.kind) {
      case 'unlimited':
        this.#element(verb, `unlimited${family}`, address + timeout(left));
        break;
      case 'allowance':
        this.#element(verb, `idle${family}`, address + timeout(left));
        break;
      case 'quota': {
        const within = timeout(Math.min(left, validitySeconds * 1000));
        this.#element(verb, `grant${family}`, `${address}${within} : "${quotaObject(pass.quota)}"`);
        break;
      }
    }
  }

  #element(verb: Verb, set: string, element: string): void {
    if (this.#verb !== verb) this.#flush();
    this.#verb = verb;
    const elements = this.#elements.get(set);
    if (elements === undefined) this.#elements.set(set, [element]);
    else elements.push(element);
  }

  #flush(): void {
    for (const [set, elements] of this.#elements) {
      const list = elements.join(', ');
      this.#lines.push(`add element inet ${tableName} ${set} { ${list} }`);
      if (this.#verb === 'delete') this.#lines.push(`delete element inet ${tableName} ${set} { ${list} }`);
    }
    this.#elements.clear();
  }

  toString(): string {
    this.#flush();
    return this.#lines.map((line) => `${line}\n`).join('');
  }
}

function timeout(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return '';
  const whole = Math.max(1, Math.floor(ms));
  const seconds = whole >= 1000 ? `${Math.floor(whole / 1000)}s` : '';
  return ` timeout ${seconds}${whole % 1000 === 0 ? '' : `${whole % 1000}ms`}`;
}
