import { chmod, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { TurnpikeError } from '../../common/errors.ts';
import { aborted, type Task } from '../../common/task.ts';
import type { AgentStatus } from './status.ts';

/** Where a running agent answers `turnpike-agent status`: in the state directory, which is for its user only. */
export function statusSocketPath(stateDirectory: string): string {
  return join(stateDirectory, 'agent.sock');
}

export function statusTask(path: string, describe: () => AgentStatus): Task {
  return {
    name: 'status socket',
    run: async (signal, ready) => {
      // Who runs holds the journal's lock: a socket that is there was left behind.
      await rm(path, { force: true });
      const server = createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(describe()));
      });
      const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
      server.once('error', (error) =>
        reject(
          new TurnpikeError('environment', `${path}: cannot listen`, {
            remedy:
              'the state directory must be on a disk that takes sockets, and belong to the agent’s user',
            cause: error,
          }),
        ),
      );
      server.listen(path, resolve);
      await listening;
      await chmod(path, 0o600);
      ready();
      await aborted(signal);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** What the running agent says of itself, or undefined when none runs. */
export async function askStatus(path: string): Promise<AgentStatus | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const query = request({ socketPath: path, timeout: 5000 }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
    });
    response.on('end', () => resolve(text));
    response.on('error', reject);
  });
  query.on('timeout', () => query.destroy(new TurnpikeError('unavailable', 'the agent does not answer')));
  query.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
    else if (error.code === 'EACCES') reject(notAllowed(path));
    else reject(error);
  });
  query.end();
  const text = await promise;
  return text === undefined ? undefined : (JSON.parse(text) as AgentStatus);
}

function notAllowed(path: string): TurnpikeError {
  return new TurnpikeError('forbidden', `this user may not open ${path}`, { remedy: 'run it as root' });
}
