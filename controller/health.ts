import { X509Certificate } from 'node:crypto';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SteadyClock } from '../common/steady-clock.ts';
import type { Authorities } from './identity/authorities.ts';

/** What can go wrong with the controller's own machine. */
export interface Health {
  /** Milliseconds since 1970, by the clock that service goes by. */
  readonly at: number;
  /** How often the wall clock was seen to step since the start, by which nothing was moved. */
  readonly clockSteps: number;
  /** The latest time at which something happened, as the books have it; null: nothing has. To come: the clock was ahead then. */
  readonly newestAt: number | null;
  /** Of the database, with what is still to be merged into it. */
  readonly databaseBytes: bigint;
  /** On the database's disk. */
  readonly diskFreeBytes: bigint;
  /** When the certificate of the fleet's CA ends. */
  readonly caExpiresAt: number;
}

export type ReadHealth = () => Promise<Health>;

export function healthReader(
  storePath: string,
  authorities: Authorities,
  clock: Pick<SteadyClock, 'now' | 'steps'>,
  newestAt: () => Promise<number | null>,
): ReadHealth {
  return async () => {
    const { bavail, bsize } = await statfs(dirname(storePath), { bigint: true });
    const sizes = await Promise.all(['', '-wal'].map((suffix) => sizeOf(`${storePath}${suffix}`)));
    return {
      at: clock.now(),
      clockSteps: clock.steps,
      newestAt: await newestAt(),
      databaseBytes: sizes.reduce((sum, size) => sum + size, 0n),
      diskFreeBytes: bavail * bsize,
      caExpiresAt: new X509Certificate(authorities.serving.certificate).validToDate.getTime(),
    };
  };
}

async function sizeOf(path: string): Promise<bigint> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found?.size ?? 0n;
}
