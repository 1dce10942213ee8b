import { lookup as resolve } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../../common/clock.ts';
import { hostOf, refusalOfAddress } from './destination.ts';

const patienceMs = 15_000;

export interface PostResult {
  /** Of HTTP; undefined when there was no answer. */
  readonly status: number | undefined;
  /** What went wrong, for the delivery log; undefined when it was taken. Never anything of the answer. */
  readonly error: string | undefined;
  /** As the endpoint asked for. */
  readonly retryAfterMs: number | undefined;
}

/** Sends one message. Never rejects. */
export type Post = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
) => Promise<PostResult>;

/** Over the network: no redirects, 15 s at most, and what is answered is not read. */
export function createPost(clock: Clock): Post {
  return (url, headers, body, signal) =>
    new Promise((done) => {
      let settled = false;
      const finish = (result: Partial<PostResult>) => {
        if (settled) return;
        settled = true;
        patience.cancel();
        signal.removeEventListener('abort', stop);
        done({ status: undefined, error: undefined, retryAfterMs: undefined, ...result });
      };
      const fail = (error: string) => {
        finish({ error });
        sent.destroy();
      };
      const stop = () => fail('the controller was stopped');
      const patience = clock.after(patienceMs, () => fail('no answer within 15 s'));
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      // The controller's own TLS is 1.3 only; endpoints are others' machines.
      const options = { method: 'POST', minVersion: 'TLSv1.2', lookup: checkedLookup(url) } as const;
      const length = { 'content-length': Buffer.byteLength(body) };
      const sent = send(url, { ...options, headers: { ...headers, ...length } });
      sent.on('response', (response) => {
        response.resume();
        const { statusCode: status = 0 } = response;
        finish({
          status,
          error: errorOfStatus(status),
          retryAfterMs: retryAfter(response.headers['retry-after']),
        });
      });
      sent.on('error', (error) => finish({ error: describeFailure(error) }));
      signal.addEventListener('abort', stop);
      const host = hostOf(url);
      const refusal = isIP(host) === 0 ? undefined : refusalOfAddress(url, host);
      if (signal.aborted) stop();
      else if (refusal === undefined) sent.end(body);
      else fail(refusal);
    });
}

class Refused extends Error {}

/** Only addresses that may be sent to: a name may have got another address since it was given. */
function checkedLookup(url: URL): LookupFunction {
  return (hostname, options, callback) =>
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '');
      const allowed = found.filter(({ address }) => refusalOfAddress(url, address) === undefined);
      const [first] = allowed;
      if (first === undefined) {
        const why = refusalOfAddress(url, found[0]?.address ?? '') ?? 'its name has no address';
        return callback(new Refused(why), '');
      }
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
}

function errorOfStatus(status: number): string | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400) return `answered ${status}: redirects are not followed`;
  return `answered ${status}`;
}

/** In seconds; a date is not worth the trouble. */
function retryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined;
}

function describeFailure(error: Error): string {
  if (error instanceof Refused) return error.message;
  const code = 'code' in error ? String(error.code) : error.name;
  return `no answer: ${code}`;
}
