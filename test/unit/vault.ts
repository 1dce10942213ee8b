import { type EnvelopeStore, envelopeKey } from '../../controller/vault/envelope.ts';
import { Vault } from '../../controller/vault/vault.ts';

const key = envelopeKey(new Uint8Array(32).fill(7));

/** Always the same key, from nowhere: books that are opened again find it again. */
export const fixedEnvelope: EnvelopeStore = {
  place: 'memory',
  load: async () => ({ current: key, former: [] }),
  create: async () => key,
  replace: async () => undefined,
  forget: async () => {},
};

/** With the same key at each start. */
export const fixedVault = new Vault([{ number: 1, bytes: new Uint8Array(32).fill(9) }]);
