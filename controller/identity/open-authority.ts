import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { CertificateAuthority } from './authority.ts';
import type { AuthorityStore } from './authority-file.ts';

/** Which CA the fleet's nodes were told of, as the books know it: hex, as {@link CertificateAuthority.pin}. */
export interface PinKeeper {
  /** null before the first start, and once a new CA is to begin. */
  known(): Promise<string | null>;
  settle(pin: string | null): Promise<void>;
}

/**
 * The fleet's CA. It is made on the first start only: a second one beside kept books would be trusted by no node, and
 * every node would be cut off without a word.
 * @throws TurnpikeError `environment` when it is missing or another one than the nodes were told of
 */
export async function openAuthority(
  store: AuthorityStore,
  pins: PinKeeper,
  clock: Clock,
): Promise<{ authority: CertificateAuthority; created: boolean }> {
  const known = await pins.known();
  if (known !== null && (await store.load()) === undefined) {
    throw refusal(`the fleet's CA is missing: there is no ${store.path}`);
  }
  const opened = await CertificateAuthority.open(store, clock);
  const { pin } = opened.authority;
  if (known === null) await pins.settle(pin);
  else if (known !== pin) throw refusal(`${store.path} is not the CA that the fleet's nodes trust`);
  return opened;
}

/** Puts what is left of the old CA aside, and begins a new one, which no node trusts until it joins anew. */
export async function beginNewAuthority(
  store: AuthorityStore,
  pins: PinKeeper,
  clock: Clock,
): Promise<CertificateAuthority> {
  // In this order: whatever is cut short, the next start finds the old CA whole or makes a new one, as was wanted.
  await pins.settle(null);
  await store.putAside(new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-'));
  return (await openAuthority(store, pins, clock)).authority;
}

function refusal(message: string): TurnpikeError {
  return new TurnpikeError('environment', message, {
    remedy:
      'restore ca.pem from a backup; if it is lost, turnpike-controller --new-ca begins a new CA, after which every node must join anew',
  });
}
