import { servingIncarnation } from '../accounting/incarnation.ts';
import { quarantine } from '../accounting/quarantine.ts';
import type { Context } from '../books/context.ts';
import type { IdentityStore } from '../south/ports.ts';
import { certificateStanding, forgetCertificates, recordCertificate } from './certificates.ts';
import { findToken, toJoinToken } from './find-token.ts';
import { redeem } from './redeem.ts';
import { namesOfNotShown, recordShown } from './shown.ts';

export function createIdentityStore(context: Context): IdentityStore {
  const { store, revoked, removals } = context;
  return {
    token: (hash) =>
      store.transaction(async (tx) => {
        const found = await findToken(tx, hash);
        return found && toJoinToken(found);
      }),
    redeem: async (hash, publicKeyHash, issue) => {
      const redeemed = await store.transaction((tx) => redeem(context, tx, { hash, publicKeyHash, issue }));
      // The identity before it is over.
      if (redeemed.identity.incarnation > 1) await removals.keep();
      return redeemed;
    },
    renewed: (identity, certificate, shown) =>
      store.transaction(async (tx) => {
        const { shown_serial } = await servingIncarnation(tx, identity);
        await recordCertificate(tx, identity, certificate);
        await forgetCertificates(tx, identity, [
          certificate.serial,
          shown,
          ...(shown_serial === null ? [] : [shown_serial]),
        ]);
      }),
    standing: async (identity, certificate) => {
      const standing = await store.transaction(async (tx) => {
        const found = await certificateStanding(tx, identity, certificate);
        if (found === 'left behind') await quarantine(context, tx, identity);
        return found;
      });
      if (standing !== 'left behind') return standing;
      await removals.keep();
      return 'revoked';
    },
    shown: (identity, certificate) => store.transaction((tx) => recordShown(tx, identity, certificate)),
    notShown: (pin) => store.transaction((tx) => namesOfNotShown(tx, pin)),
    quarantine: async (identity) => {
      await store.transaction((tx) => quarantine(context, tx, identity));
      await removals.keep();
    },
    onRevoked: (listener) => revoked.add(listener),
  };
}
