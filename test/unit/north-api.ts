import { Registry } from 'prom-client';
import { silentLogger } from '../../common/log.ts';
import type { Scope } from '../../controller/catalogue/api-key-scopes.ts';
import type { CaRollover } from '../../controller/identity/ca-rollover.ts';
import { hashApiKey } from '../../controller/north/access.ts';
import type { Api } from '../../controller/north/api.ts';
import { createApiMetrics } from '../../controller/north/api-metrics.ts';
import { buildApi } from '../../controller/north/server.ts';
import type { KeysAtMachine } from '../../controller/vault/keys.ts';
import { goodHealth, type Rig } from './books/rig.ts';

/** The HTTP API over the books of a rig, without a socket. */
export function apiOn({ books }: Pick<Rig, 'books'>, trust: 'socket' | 'key'): Promise<Api> {
  const { catalogue, apiKeys, changes, webhooks, audit, privacy, backups } = books;
  return buildApi({
    ...{ catalogue, apiKeys, changes, webhooks, audit, privacy, trust },
    joining: { enrolmentAddress: () => 'controller.example.net:7444', pin: () => 'sha256:00' },
    version: '0.0.0',
    requestsPerMinute: 6000,
    rollover: {} as CaRollover,
    keys: {} as KeysAtMachine,
    backups: { ...backups, create: () => backups.create(async () => ({})) },
    health: goodHealth,
    log: silentLogger,
    metrics: createApiMetrics(new Registry()),
  });
}

/** Makes an API key, and the header that shows it. */
export async function addApiKey(
  { books }: Pick<Rig, 'books'>,
  name: string,
  scopes: readonly Scope[],
  budgetBytes?: bigint,
): Promise<{ authorization: string }> {
  const hash = hashApiKey(`turnpike_${name}`);
  await books.apiKeys.add({ name, scopes, hash, ...(budgetBytes !== undefined && { budgetBytes }) });
  return { authorization: `Bearer turnpike_${name}` };
}
