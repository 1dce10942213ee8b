import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { join } from '../../agent/commands/join.ts';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import { systemClock } from '../../common/clock.ts';
import { type Logger, silentLogger } from '../../common/log.ts';
import { parseJoinCommand } from '../unit/controller/node-stand-in.ts';
import { type RunningController, startController } from '../unit/controller/rig.ts';
import { checkRefusal, hold } from './expect.ts';
import type { Ended } from './raw-grpc.ts';

const unknown = 2;

/** A controller on real sockets with one node that has joined, and does what the target makes it do. */
export interface Fleet {
  readonly controller: RunningController;
  identity(): AgentIdentity;
  /** @throws when the controller failed, meanwhile, in a way that is not foreseen. */
  checkFailures(): void;
  /** A command that still waits for its node. */
  joinCommand(): Promise<string>;
  /** The node was thrown out. */
  joinAgain(): Promise<void>;
  close(): Promise<void>;
}

export async function openFleet(): Promise<Fleet> {
  const failures: unknown[] = [];
  const controller = await startController({ log: keepingFailures(failures) });
  const directory = await mkdtemp(joinPath(tmpdir(), 'turnpike-fuzz-'));
  await controller.turnpike.json('node', 'add', 'evil', '--endpoint', 'evil.example.net:51820');
  const joinCommand = async () =>
    String((await controller.turnpike.json('node', 'token', 'evil')).joinCommand);
  const enter = async () => {
    const options = { ...parseJoinCommand(await joinCommand()), stateDirectory: directory, forceNew: true };
    return (await join(options, systemClock)).identity;
  };
  let identity = await enter();
  return {
    controller,
    identity: () => identity,
    joinCommand,
    checkFailures: () => {
      for (const error of failures.splice(0)) checkRefusal(error);
    },
    joinAgain: async () => {
      identity = await enter();
    },
    close: async () => {
      await controller.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** What is logged as an error, and why. */
function keepingFailures(failures: unknown[]): Logger {
  const error = (line: { readonly err?: unknown }) => void (line.err && failures.push(line.err));
  return Object.assign(Object.create(silentLogger) as Logger, { error });
}

/** A call was answered, whatever it was. */
export function checkEnded({ status }: Ended): void {
  hold(status !== undefined, 'the call was not answered');
  hold(status !== unknown, 'the call failed inside');
}
