import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';
import { cursorOf } from '../../../controller/catalogue/cursor.ts';
import type { List } from '../../../controller/catalogue/order.ts';
import type { Stage } from './stage.ts';

export interface PageFigures {
  readonly page: string;
  readonly bytes: number;
  readonly p50: number;
  readonly p99: number;
  /** The p99 of a bare fastify route that answers the same. */
  readonly bare: number;
  readonly ratio: number;
}

interface Wish {
  readonly subscriptions: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

interface Made {
  readonly id: string;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** So many at once that both take some milliseconds, which is how fine it is measured. */
const connections = 10;

/** Each page in turn with its bare route, so that both meet the same machine. */
export async function measurePages(
  stage: Stage,
  { subscriptions, seconds, say }: Wish,
): Promise<PageFigures[]> {
  const middle = String(Math.ceil(subscriptions / 2)).padStart(7, '0');
  const contract = await stage.ask<Made>('GET', `/v1/subscriptions/contract-${middle}`);
  const some = await stage.ask<{ items: Made[] }>('GET', `/v1/devices?subscription=${contract.id}`);
  const [device = contract] = some.items;
  const wanted: Record<string, string> = {
    'subscriptions, first page of 100': '/v1/subscriptions',
    'subscriptions, a page of 100 in the middle': `/v1/subscriptions?cursor=${cursorAt('subscriptions', contract)}`,
    'devices, a page of 100 in the middle': `/v1/devices?cursor=${cursorAt('devices', device)}`,
    'accounts, search with 100 hits': `/v1/accounts?search=customer-${middle.slice(0, 5)}`,
    'subscriptions, search with 10 hits': `/v1/subscriptions?search=contract-${middle.slice(0, 6)}`,
    'devices, search of a label, all hits, page of 100': '/v1/devices?search=phone',
    'one subscription by its reference': `/v1/subscriptions/contract-${middle}`,
  };
  const figures: PageFigures[] = [];
  for (const [n, [page, path]] of Object.entries(wanted).entries()) {
    const answer = await text(await stage.send('GET', path, ''));
    const bareSocket = join(stage.directory, `bare-${n}.sock`);
    await stage.run(['test/bench/bulk/bare/main.ts', bareSocket], (line) => line === 'ready', answer);
    const ours = await fire(stage.socketPath, path, seconds);
    const bare = await fire(bareSocket, '/', seconds);
    const { p50, p99 } = ours;
    figures.push({
      page,
      bytes: answer.length,
      p50,
      p99,
      bare: bare.p99,
      ratio: p99 / Math.max(1, bare.p99),
    });
    say(`${page}: p99 ${p99} ms, bare ${bare.p99} ms`);
  }
  return figures;
}

function cursorAt(list: List, { id, createdAt }: Made): string {
  return cursorOf(list, { id, createdAt: Date.parse(createdAt) });
}

async function fire(
  socketPath: string,
  path: string,
  duration: number,
): Promise<{ p50: number; p99: number }> {
  const result = await autocannon({ url: `http://turnpike${path}`, socketPath, connections, duration });
  if (result.non2xx + result.errors + result.timeouts > 0) {
    throw new Error(`${path}: ${result.non2xx} answers that are none, ${result.errors} errors`);
  }
  return { p50: result.latency.p50, p99: result.latency.p99 };
}
