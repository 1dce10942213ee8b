import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../../common/clock.ts';
import { type Logger, silentLogger } from '../../../common/log.ts';
import { parseControllerConfig } from '../../../controller/config.ts';
import { type ControllerPorts, runController } from '../../../controller/controller.ts';
import { Turnpike } from './turnpike.ts';

/** A controller in this process, on real sockets and a real database in a directory of its own. */
export interface RunningController {
  readonly directory: string;
  readonly socket: string;
  readonly ports: ControllerPorts;
  readonly turnpike: Turnpike;
  stop(): Promise<void>;
}

export interface RigOptions {
  /** Kept after the end, for a controller that follows. */
  readonly directory?: string;
  readonly range4?: string;
  /** The CLI as a process of its own for each command, as people run it. */
  readonly cliAsProcess?: boolean;
  /** TOML for [api], besides the socket. */
  readonly api?: string;
  readonly log?: Logger;
  readonly clock?: Clock;
}

export function makeDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'turnpike-controller-'));
}

export function configText(directory: string, options: RigOptions = {}): string {
  return `
log_level = "info"
[store]
path = "${directory}/turnpike.db"
[api]
socket = "${directory}/api.sock"
${options.api ?? ''}
[nodes]
address = "127.0.0.1"
listen = "127.0.0.1:0"
enrolment_listen = "127.0.0.1:0"
[metrics]
listen = "127.0.0.1:0"
[fleet]
range4 = "${options.range4 ?? '10.64.0.0/16'}"
`;
}

export async function startController(options: RigOptions = {}): Promise<RunningController> {
  const directory = options.directory ?? (await makeDirectory());
  const abort = new AbortController();
  const { promise: ready, resolve: onReady } = Promise.withResolvers<ControllerPorts>();
  const config = parseControllerConfig('controller.toml', configText(directory, options));
  const done = runController(
    { config, clock: options.clock ?? systemClock, log: options.log ?? silentLogger, onReady },
    abort.signal,
  );
  const ports = await Promise.race([ready, done.then(() => Promise.reject(new Error('it ended')))]);
  return {
    directory,
    socket: config.api.socket,
    ports,
    turnpike: new Turnpike(config.api.socket, options.cliAsProcess ?? false),
    stop: async () => {
      abort.abort();
      await done;
      if (options.directory === undefined) await rm(directory, { recursive: true });
    },
  };
}
