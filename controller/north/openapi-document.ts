import { Registry } from 'prom-client';
import { silentLogger } from '../../common/log.ts';
import { version } from '../../common/version.ts';
import { createApiMetrics } from './api-metrics.ts';
import { type ApiOptions, buildApi } from './server.ts';

/** What /openapi.json answers, without a controller: the routes are described, and never called. */
export async function openapiText(): Promise<string> {
  const api = await buildApi({
    version,
    trust: 'socket',
    log: silentLogger,
    metrics: createApiMetrics(new Registry()),
  } as ApiOptions);
  try {
    return (await api.inject('/openapi.json')).payload;
  } finally {
    await api.close();
  }
}
