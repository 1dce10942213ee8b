import tls from 'node:tls';
import { parseArgs } from 'node:util';
import { systemClock } from '../common/clock.ts';
import { runCommand } from '../common/command.ts';
import { forbidCoreDumps } from '../common/core-dumps.ts';
import { endOnCrash } from '../common/crash.ts';
import { describeError, TurnpikeError } from '../common/errors.ts';
import { exitCodes } from '../common/exit.ts';
import { createLogger } from '../common/log.ts';
import { createNotifier } from '../common/notify.ts';
import { version } from '../common/version.ts';
import type { Restored } from './backup/restore.ts';
import { readControllerConfig } from './config.ts';
import { noteRestore, replaceAuthority, restoreFrom, runController } from './controller.ts';

const usage = `Usage: turnpike-controller [--config FILE] [--restore BACKUP | --restored | --new-ca]

  --config FILE  configuration (default: /etc/turnpike/controller.toml)
  --restore BACKUP
                 put a backup (turnpike backup) where no database is, and end; nothing is granted then until all nodes have
                 told what passed since, and nodes keep what they have until: turnpike hold release
  --without-removals
                 restore also where the list of removals beside the backup is missing
  --restored     the same for a database that was put there by hand
  --new-ca       begin a new CA in place of a lost one, and end; every node must join anew then
  --version      print the version
  --help         print this
`;

async function main(): Promise<void> {
  const { values } = readArguments();
  if (values.help) return void process.stdout.write(usage);
  if (values.version) return void process.stdout.write(`${version}\n`);
  const config = readControllerConfig(values.config);
  // The database and the CA's key are for this user only.
  process.umask(0o077);
  await forbidCoreDumps(runCommand, process.pid);
  tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
  const log = createLogger('turnpike-controller', config.logLevel);
  if (values['new-ca']) {
    const pin = await replaceAuthority({ config, clock: systemClock, log });
    return void process.stdout.write(
      `a new CA was begun: ${pin}\nevery node must join anew: turnpike node token NAME gives the command\n`,
    );
  }
  if (values.restore !== undefined) {
    const wish = { file: values.restore, withoutRemovals: values['without-removals'] };
    const { createdAt, awaited, removed } = await restoreFrom({ config, clock: systemClock, log }, wish);
    const lines = [`restored as of ${timeOf(createdAt)}`, ...removedAgain(removed)];
    return void process.stdout.write(`${lines.join('\n')}\n${afterRestore(awaited)}`);
  }
  if (values.restored) {
    const awaited = await noteRestore({ config, clock: systemClock, log });
    return void process.stdout.write(afterRestore(awaited));
  }
  const stop = new AbortController();
  const notifier = createNotifier({
    env: process.env,
    pid: process.pid,
    run: runCommand,
    clock: systemClock,
    log,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      void notifier.stopping();
      stop.abort();
    });
  }
  const options = {
    ...{ config, clock: systemClock, log },
    onReady: () => void notifier.ready(),
    tasks: notifier.watchdog === undefined ? [] : [notifier.watchdog],
  };
  try {
    await runController(options, stop.signal);
  } catch (error) {
    // What the operator can mend is said in one line; for our own mistakes, the log has the way there.
    if (!(error instanceof TurnpikeError)) log.fatal({ err: error }, 'the controller ended');
    throw error;
  }
}

function removedAgain(removed: Restored['removed']): string[] {
  if (removed === undefined)
    return [
      'what was removed since the backup is not known: do those erasures, restrictions, removals and rotations again',
    ];
  const { accounts, restricted, nodes, toJoin, apiKeys, toRotate, writtenAt } = removed;
  return [
    `erased again: ${accounts} accounts`,
    `restricted again: ${restricted} accounts`,
    `removed again: nodes ${names(nodes)}; API keys ${names(apiKeys)}`,
    ...(toJoin.length > 0
      ? [`identities of ${names(toJoin)} had ended: join anew with turnpike node token NAME`]
      : []),
    ...(toRotate.length > 0
      ? [
          `API keys rotated since, whose clients need another one: ${names(toRotate)} (turnpike api-key rotate NAME)`,
        ]
      : []),
    `of what was removed or restricted after ${timeOf(writtenAt)} nothing is known here: do it again`,
  ];
}

function names(all: readonly string[]): string {
  return all.join(', ') || 'none';
}

function afterRestore(awaited: readonly string[]): string {
  return [
    `nothing is granted before these nodes have told what passed: ${names(awaited)}`,
    'start the controller; a node that is gone for good: turnpike node remove NAME',
    'nodes keep what they have: compare with billing (turnpike reconcile), then turnpike hold release --yes',
    '',
  ].join('\n');
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        config: { type: 'string', default: '/etc/turnpike/controller.toml' },
        restore: { type: 'string' },
        'without-removals': { type: 'boolean', default: false },
        restored: { type: 'boolean', default: false },
        'new-ca': { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new TurnpikeError('invalid', error instanceof Error ? error.message : String(error), {
      remedy: 'see turnpike-controller --help',
      cause: error,
    });
  }
}

endOnCrash('turnpike-controller');
try {
  await main();
} catch (error) {
  process.stderr.write(`turnpike-controller: ${describeError(error)}\n`);
  process.exitCode = error instanceof TurnpikeError ? exitCodes[error.code] : exitCodes.internal;
}
