import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startController } from '../unit/controller/rig.ts';
import { type Foreign, works } from './foreign.ts';

const checks = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_schema_conformance', 'response_headers_conformance'],
  ...['unsupported_method', 'allow_header_conformance', 'negative_data_rejection', 'ignored_auth'],
];
/** It would lose its own key, wait for a stream that does not end, or change files of the CA; and it cannot write lines of JSON. */
const left = '^/v1/api-keys/|^/v1/events/stream|^/v1/ca|^/v1/(import|reconcile)$';

/** The API's own description, read by somebody else, and held against what the API does. */
export function schemathesis({
  examples,
  seconds,
  seed,
}: {
  readonly examples: number;
  /** At most. */
  readonly seconds: number;
  readonly seed: number;
}): Foreign {
  return {
    name: 'schemathesis',
    holds: 'the API over TCP does what its OpenAPI document says, whatever is asked, and never answers 5xx',
    missing: () => (works('schemathesis', '--version') ? undefined : 'schemathesis (PyPI)'),
    run: async () => {
      const api = 'listen = "127.0.0.1:0"\nrequests_per_minute = 10000000';
      const controller = await startController({ api });
      const directory = await mkdtemp(join(tmpdir(), 'turnpike-foreign-'));
      try {
        const { key } = await controller.turnpike.json('api-key', 'add', 'foreign', '--scopes', 'admin');
        await stock(controller.turnpike);
        const child = spawn(
          'schemathesis',
          [
            ...['run', `http://127.0.0.1:${controller.ports.api}/openapi.json`],
            ...['--header', `Authorization: Bearer ${key}`, '--checks', checks.join(',')],
            ...['--exclude-path-regex', left, '--phases', 'examples,coverage,fuzzing'],
            ...['--max-examples', String(examples), '--seed', String(seed)],
            ...['--max-time', String(seconds)],
            ...['--request-timeout', '20', '--warnings', 'off', '--no-color', '--continue-on-failure'],
          ],
          { cwd: directory, stdio: 'inherit' },
        );
        const [status] = (await once(child, 'close')) as [number];
        return {
          kind: status === 0 ? 'green' : 'red',
          said: `${examples} examples a route, ${seconds} s, seed ${seed}`,
        };
      } finally {
        await controller.stop();
        await rm(directory, { recursive: true });
      }
    },
  };
}

/** One of everything, so that there is something to be asked for. */
async function stock(turnpike: Awaited<ReturnType<typeof startController>>['turnpike']): Promise<void> {
  await turnpike.json('node', 'add', 'fra1', '--endpoint', 'fra1.example.net:51820');
  await turnpike.json('tariff', 'add', 'monthly', '--volume', '50GB');
  await turnpike.json('account', 'add', 'customer');
  const { id } = await turnpike.json(
    'subscription',
    'create',
    '--account',
    'customer',
    '--tariff',
    'monthly',
  );
  await turnpike.json('device', 'add', id);
}
