import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { Authorities } from './authorities.ts';
import { CertificateAuthority } from './authority.ts';
import type { AuthorityFiles, AuthorityStore } from './authority-file.ts';

/** Pins in hex, as {@link CertificateAuthority.pin}. */
export interface KnownPins {
  /** null before the first start, and once a new CA is to begin. */
  readonly serving: string | null;
  /** null unless a rollover is under way. */
  readonly next: string | null;
}

/** Which CAs the fleet's nodes were told of, as the books know it. */
export interface PinKeeper {
  known(): Promise<KnownPins>;
  settle(pins: KnownPins): Promise<void>;
}

/**
 * The fleet's CAs. The first is made on the first start only: a second one beside kept books would be trusted by no node,
 * and every node would be cut off without a word. The files say how far a rollover is; the books, whether one is missing.
 * @throws TurnpikeError `environment` when one is missing or another one than the nodes were told of
 */
export async function openAuthorities(
  files: AuthorityFiles,
  pins: PinKeeper,
  clock: Clock,
  nodeLife?: number,
): Promise<{ authorities: Authorities; created: boolean }> {
  const known = await pins.known();
  const open = (store: AuthorityStore) => CertificateAuthority.open(store, clock, nodeLife);
  if (known.serving !== null && (await files.serving.load()) === undefined) {
    throw refusal(`the fleet's CA is missing: there is no ${files.serving.path}`);
  }
  const { authority: serving, created } = await open(files.serving);
  // Finished, and cut short before the books heard of it; or these are of a backup from before.
  const finished = known.next !== null && serving.pin === known.next;
  if (known.serving !== null && serving.pin !== known.serving && !finished) {
    throw refusal(`${files.serving.path} is not the CA that the fleet's nodes trust`);
  }
  const expected = finished ? null : known.next;
  const stored = await files.next.load();
  if (expected !== null && stored === undefined) {
    throw refusal(`the CA that is to come is missing: there is no ${files.next.path}`);
  }
  const next = stored && (await open(files.next)).authority;
  if (expected !== null && next?.pin !== expected) {
    throw refusal(`${files.next.path} is not the CA that the fleet's nodes were told of`);
  }
  const found: KnownPins = { serving: serving.pin, next: next?.pin ?? null };
  if (found.serving !== known.serving || found.next !== known.next) await pins.settle(found);
  const authorities = new Authorities(serving, next, {
    begin: async () => {
      const { authority } = await open(files.next);
      await pins.settle({ serving: authorities.serving.pin, next: authority.pin });
      return authority;
    },
    finish: async ({ pin }) => {
      await files.promote();
      await pins.settle({ serving: pin, next: null });
    },
  });
  return { authorities, created };
}

/** Puts what is left of the old CAs aside, and begins a new one, which no node trusts until it joins anew. */
export async function beginNewAuthority(
  files: AuthorityFiles,
  pins: PinKeeper,
  clock: Clock,
): Promise<CertificateAuthority> {
  // In this order: whatever is cut short, the next start finds the old CA whole or makes a new one, as was wanted.
  await pins.settle({ serving: null, next: null });
  const suffix = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-');
  await files.next.putAside(suffix);
  await files.serving.putAside(suffix);
  return (await openAuthorities(files, pins, clock)).authorities.serving;
}

function refusal(message: string): TurnpikeError {
  return new TurnpikeError('environment', message, {
    remedy:
      'restore the CA from a backup; if it is lost, turnpike-controller --new-ca begins a new one, after which every node must join anew',
  });
}
