import { dirname } from 'node:path';
import type { Clock } from '../common/clock.ts';
import { formatHostPort } from '../common/host-port.ts';
import type { Logger } from '../common/log.ts';
import { metricsTask } from '../common/metrics-server.ts';
import { clockWatchTask, SteadyClock } from '../common/steady-clock.ts';
import { runTasks, type Task } from '../common/task.ts';
import { version } from '../common/version.ts';
import { type Restored, restoreBackup } from './backup/restore.ts';
import { type Books, openBooks } from './books/books.ts';
import type { ControllerConfig } from './config.ts';
import { healthReader } from './health.ts';
import type { Authorities } from './identity/authorities.ts';
import { type AuthorityFiles, authorityFiles } from './identity/authority-file.ts';
import { createCaRollover } from './identity/ca-rollover.ts';
import { refuseLostBooks } from './identity/lost-books.ts';
import { beginNewAuthority, openAuthorities } from './identity/open-authorities.ts';
import { createRegistry } from './metrics.ts';
import { createApiMetrics } from './north/api-metrics.ts';
import { portTask, socketTask } from './north/north.ts';
import { createSouth } from './south/south.ts';
import type { SouthState } from './south/state.ts';
import type { EnvelopeStore } from './vault/envelope.ts';
import { envelopeCredential, envelopeFile } from './vault/envelope-file.ts';
import type { Vault } from './vault/vault.ts';

export interface ControllerOptions {
  readonly config: ControllerConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once everything serves, with the ports that are listened on. */
  readonly onReady: (ports: ControllerPorts) => void;
  /** What else is to run as long as the controller does. */
  readonly tasks?: readonly Task[];
}

/** As bound, also where the configuration leaves the choice to the system (port 0). */
export interface ControllerPorts {
  readonly nodes: number | undefined;
  readonly enrolment: number | undefined;
  readonly metrics: number | undefined;
  readonly api: number | undefined;
}

/**
 * Runs the controller until `signal` aborts: opens the books, loads the CA (it lies beside the database), and serves
 * nodes to the south and operators to the north.
 * @throws TurnpikeError for what the operator can mend, such as a port that is taken
 */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  // What is ordered and sold by time goes by a clock that does not jump.
  const clock = new SteadyClock(options.clock);
  const books = await open({ ...options, clock });
  try {
    await serve({ ...options, clock }, books, signal);
  } finally {
    await books.close();
  }
}

/**
 * Begins a new CA in place of one that is lost or was read by somebody: once, while the controller is stopped.
 * @returns its pin, `sha256:` and hex
 */
export async function replaceAuthority(
  options: Pick<ControllerOptions, 'config' | 'clock' | 'log'>,
): Promise<string> {
  const books = await open(options);
  try {
    const files = authorityFilesOf(options.config, books.vault);
    const { pin } = await beginNewAuthority(files, books.authorityPins, options.clock);
    await noteAtMachine(books, 'turnpike-controller --new-ca');
    return `sha256:${pin}`;
  } finally {
    await books.close();
  }
}

/**
 * Begins a new term after the database was restored from a backup: once, while the controller is stopped.
 * @returns names of the nodes that must tell their totals before anything is granted
 */
export async function noteRestore(
  options: Pick<ControllerOptions, 'config' | 'clock' | 'log'>,
): Promise<readonly string[]> {
  const books = await open(options);
  try {
    const awaited = await books.beginTerm();
    await noteAtMachine(books, 'turnpike-controller --restored');
    return awaited;
  } finally {
    await books.close();
  }
}

/**
 * Puts a backup in the place of books that are lost: while no database is there (backup/restore.ts). `withoutRemovals`:
 * also where nothing is known of what was removed since.
 */
export async function restoreFrom(
  options: Pick<ControllerOptions, 'config' | 'clock' | 'log'>,
  { file, withoutRemovals }: { readonly file: string; readonly withoutRemovals: boolean },
): Promise<Restored> {
  const { config } = options;
  return restoreBackup({
    ...{ file, withoutRemovals, storePath: config.storePath, envelope: envelopeOf(config) },
    open: async (storePath) => {
      const books = await open({ ...options, config: { ...config, storePath } });
      await noteAtMachine(books, 'turnpike-controller --restore');
      return books;
    },
  });
}

function envelopeOf({ envelope }: ControllerConfig): EnvelopeStore {
  return envelope.from === 'file' ? envelopeFile(envelope.path) : envelopeCredential(envelope.path);
}

/** For the audit log: what is done while the controller is stopped, by whoever may start it. */
function noteAtMachine({ audit }: Books, route: string): Promise<void> {
  const actor = { id: 'controller', uid: process.getuid?.() };
  return audit.done({ actor, method: '', route, named: {} }, 200, []);
}

async function open({
  config,
  clock,
  log,
}: Pick<ControllerOptions, 'config' | 'clock' | 'log'>): Promise<Books> {
  refuseLostBooks(config.storePath);
  return openBooks({
    path: config.storePath,
    range4: config.fleet.range4,
    range6: config.fleet.range6,
    validitySeconds: config.grants.validitySeconds,
    retention: config.retention,
    backups: config.backups,
    envelope: envelopeOf(config),
    clock,
    log,
  });
}

function authorityFilesOf({ storePath }: ControllerConfig, vault: Vault): AuthorityFiles {
  return authorityFiles(dirname(storePath), vault);
}

async function serve(
  options: ControllerOptions & { readonly clock: SteadyClock },
  books: Books,
  signal: AbortSignal,
): Promise<void> {
  const { config, clock, log } = options;
  const { authorityPins, identities } = books;
  const files = authorityFilesOf(config, books.vault);
  await books.keys.finish(files.reseal);
  const { authorities, created } = await openAuthorities(files, authorityPins, clock);
  if (created) log.info({ pin: authorities.serving.pin }, "the fleet's CA was made");
  const south = await createSouth({
    ...{ desired: books.desired, register: books.register, booking: books.booking },
    ...{ identities, authorities, clock, log },
    nodesListen: config.nodes.listen,
    enrolmentListen: config.nodes.enrolmentListen,
    advertisedHost: config.nodes.address,
  });
  const registry = createRegistry(books, south.state, clock, version);
  const north = {
    ...{
      catalogue: books.catalogue,
      apiKeys: books.apiKeys,
      changes: books.changes,
      webhooks: books.webhooks,
      audit: books.audit,
      privacy: books.privacy,
      requestsPerMinute: config.api.requestsPerMinute,
      version,
      log,
    },
    joining: joining(config, authorities, south.state),
    rollover: createCaRollover({ authorities, identities, log }),
    keys: { status: books.keys.status, rotate: () => books.keys.rotate(files.reseal) },
    backups: { ...books.backups, create: () => books.backups.create(files.contents) },
    health: healthReader(config.storePath, authorities, clock, books.newestAt),
    metrics: createApiMetrics(registry),
  };
  let isReady = false;
  const ports: { metrics?: number; api?: number } = {};
  const tasks: Task[] = [
    metricsTask(config.metricsListen, {
      ...{ registry, log, isReady: () => isReady },
      onListening: (port) => {
        ports.metrics = port;
      },
    }),
    clockWatchTask(clock, log),
    ...books.tasks,
    books.backupTask(files.contents),
    ...south.tasks,
    socketTask(config.api.socket, north),
  ];
  if (config.api.listen !== undefined) {
    tasks.push(
      portTask(config.api.listen, north, (port) => {
        ports.api = port;
      }),
    );
  }
  tasks.push(...(options.tasks ?? []));
  signal.addEventListener('abort', () => {
    isReady = false;
  });
  await runTasks(tasks, signal, {
    log,
    onReady: () => {
      isReady = true;
      log.info({ version }, 'ready');
      options.onReady({ ...south.state.ports, metrics: ports.metrics, api: ports.api });
    },
  });
}

function joining(config: ControllerConfig, authorities: Authorities, { ports }: SouthState) {
  const { address, enrolmentListen } = config.nodes;
  return {
    enrolmentAddress: () => formatHostPort({ host: address, port: ports.enrolment ?? enrolmentListen.port }),
    pin: () => `sha256:${authorities.serving.pin}`,
  };
}
