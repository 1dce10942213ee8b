import { servingIncarnation } from '../accounting/incarnation.ts';
import { quarantine } from '../accounting/quarantine.ts';
import type { Context } from '../books/context.ts';
import type { IdentityStore } from '../south/ports.ts';
import { certificateStanding, recordCertificate } from './certificates.ts';
import { findToken, toJoinToken } from './find-token.ts';
import { redeem } from './redeem.ts';
import { namesOfNotShown, recordShown } from './shown.ts';

export function createIdentityStore(context: Context): IdentityStore {
  const { store, revoked } = context;
  return {
    token: (hash) =>
      store.transaction(async (tx) => {
        const found = await findToken(tx, hash);
        return found && toJoinToken(found);
      }),
    redeem: (hash, publicKeyHash, issue) =>
      store.transaction((tx) => redeem(context, tx, { hash, publicKeyHash, issue })),
    renewed: (identity, certificate) =>
      store.transaction(async (tx) => {
        await servingIncarnation(tx, identity);
        await recordCertificate(tx, identity, certificate);
      }),
    standing: (identity, serial) => store.transaction((tx) => certificateStanding(tx, identity, serial)),
    shown: (identity, pin) => store.transaction((tx) => recordShown(tx, identity, pin)),
    notShown: (pin) => store.transaction((tx) => namesOfNotShown(tx, pin)),
    quarantine: (identity) => store.transaction((tx) => quarantine(context, tx, identity)),
    onRevoked: (listener) => revoked.add(listener),
  };
}
