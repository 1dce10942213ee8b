import { createHmac, randomBytes } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';

/**
 * The key under which the data keys and the backups are. It is never in the database and never in a backup: without it,
 * neither can be read.
 */
export interface EnvelopeKey {
  /** Names it in messages, in the database and in backups; says nothing of it. 16 hex digits. */
  readonly id: string;
  /** 32. */
  readonly bytes: Uint8Array;
}

/** The keys that are at hand. */
export interface Envelopes {
  readonly current: EnvelopeKey | undefined;
  /** What was current once, and may still be needed. */
  readonly former: readonly EnvelopeKey[];
}

/** All that are at hand, the current one first. */
export function atHand({ current, former }: Envelopes): readonly EnvelopeKey[] {
  return current === undefined ? former : [current, ...former];
}

/** Where the envelope key comes from. */
export interface EnvelopeStore {
  /** For messages. */
  readonly place: string;
  /** @throws TurnpikeError `environment` when others may read it, or it is no key */
  load(): Promise<Envelopes>;
  /** The first one. @throws TurnpikeError when it is not ours to make */
  create(): Promise<EnvelopeKey>;
  /**
   * Another one takes the place of the current one, which stays at hand. undefined: whoever gave it gives another.
   * Durable when it resolves.
   */
  replace(): Promise<EnvelopeKey | undefined>;
  /** This former one is needed no more. */
  forget(id: string): Promise<void>;
}

export function envelopeKey(bytes: Uint8Array): EnvelopeKey {
  const id = createHmac('sha256', bytes).update('turnpike envelope key').digest('hex').slice(0, 16);
  return { id, bytes };
}

export function newEnvelopeKey(): EnvelopeKey {
  return envelopeKey(new Uint8Array(randomBytes(32)));
}

/** @throws TurnpikeError `environment` */
export function parseEnvelopeKey(path: string, text: string): EnvelopeKey {
  const hex = text.trim();
  if (/^[0-9a-f]{64}$/i.test(hex)) return envelopeKey(new Uint8Array(Buffer.from(hex, 'hex')));
  throw new TurnpikeError('environment', `${path} does not hold a key of 32 bytes in hex`, {
    remedy: 'put back the one that you kept; a new one is made by: openssl rand -hex 32',
  });
}

export function renderEnvelopeKey({ bytes }: EnvelopeKey): string {
  return `${Buffer.from(bytes).toString('hex')}\n`;
}
