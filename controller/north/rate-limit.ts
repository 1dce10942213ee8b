import rateLimit from '@fastify/rate-limit';
import type { Api } from './api.ts';
import { Refusal } from './problem.ts';

/**
 * So many requests a minute for each API key, told in RateLimit headers. By the key and not by the address: those are
 * kept nowhere.
 */
export async function limitRates(api: Api, requestsPerMinute: number): Promise<void> {
  await api.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    // Once it is known who calls.
    hook: 'preParsing',
    keyGenerator: (request) => request.caller?.id ?? 'public',
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { max, ttl }) =>
      new Refusal('too-many-requests', `more than ${max} requests within a minute`, {
        remedy: `go on in ${Math.ceil(ttl / 1000)} s; api.requests_per_minute of the controller says how many`,
      }),
  });
}
