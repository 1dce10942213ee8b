import { reportMethod } from '../../common/grpc/report-method.ts';
import { silentLogger } from '../../common/log.ts';
import { clockWatchTask, SteadyClock } from '../../common/steady-clock.ts';
import { runTasks } from '../../common/task.ts';
import { type Books, type BooksOptions, openBooks } from '../../controller/books/books.ts';
import { CloneWatch } from '../../controller/south/clones.ts';
import { defaultTiming, type SouthContext } from '../../controller/south/context.ts';
import { Demands } from '../../controller/south/demands.ts';
import { EarlierStates } from '../../controller/south/earlier-states.ts';
import { Endings } from '../../controller/south/endings.ts';
import { LiveStreams } from '../../controller/south/live-streams.ts';
import { MessageRate } from '../../controller/south/message-rate.ts';
import { reportHandler } from '../../controller/south/report.ts';
import { SouthState } from '../../controller/south/state.ts';
import { syncHandler, syncMethod } from '../../controller/south/sync.ts';
import { fixedEnvelope } from '../unit/vault.ts';
import { fleet } from './authority.ts';
import type { Disk } from './disk.ts';
import { Life } from './life.ts';
import type { Link, Listener, SimulatedMethod } from './network.ts';
import type { MachineClock, Timeline } from './timeline.ts';

/** Where nothing can be made: on a real disk its controller would wait outside of its world. */
const noBackups = { directory: '/dev/null/backups', keepDays: 30 };

/** As systemd does it. */
const restartMs = 2_000;

export interface ControllerMachineOptions {
  readonly timeline: Timeline;
  readonly clock: MachineClock;
  readonly disk: Disk;
  readonly validitySeconds: number;
  readonly periodEnd?: BooksOptions['periodEnd'];
  readonly links: () => Iterable<Link>;
}

/** The controller's machine: its process comes and goes, its disk stays. */
export class ControllerMachine {
  readonly #options: ControllerMachineOptions;
  #life: Life | undefined;
  #books: Books | undefined;
  #listener: Listener | undefined;
  /** Kept down: nobody starts it again by itself. */
  #held = false;
  /** The next start is the first one after a restore. */
  restored = false;
  /** Why the process ended by itself. */
  onFailure: (error: unknown) => void = () => undefined;

  constructor(options: ControllerMachineOptions) {
    this.#options = options;
  }

  get listener(): Listener | undefined {
    return this.#listener;
  }

  /** Undefined while it is down. */
  get books(): Books | undefined {
    return this.#books;
  }

  get life(): Life | undefined {
    return this.#life;
  }

  /** Kills it, if it runs; it starts again after so long. */
  crash(downMs: number): void {
    this.hold();
    this.#options.timeline.after(downMs, () => this.release());
  }

  /** Stops it until {@link release}. */
  hold(): void {
    this.#held = true;
    this.#life?.end();
  }

  release(): void {
    this.#held = false;
    this.#startIn(0);
  }

  start(): void {
    if (this.#life !== undefined || this.#held) return;
    const life = new Life();
    this.#life = life;
    this.#options.disk.begin(life);
    life.onEnd(() => {
      this.#life = undefined;
      this.#books = undefined;
      this.#listener = undefined;
      for (const link of this.#options.links()) link.controllerGone();
      this.#startIn(restartMs);
    });
    // Whatever ends it, ends the process.
    this.#run(life).then(
      () => life.end(),
      (error: unknown) => {
        if (life.alive) this.onFailure(error);
        life.end();
      },
    );
  }

  #startIn(ms: number): void {
    this.#options.timeline.after(ms, () => this.start());
  }

  async #run(life: Life): Promise<void> {
    const { disk, validitySeconds, periodEnd } = this.#options;
    const clock = new SteadyClock(life.clock(this.#options.clock));
    const log = silentLogger;
    const books = await openBooks({
      ...{ path: disk.path, range4: '10.64.0.0/16', range6: 'fd74:7572:6e70::/64' },
      ...{ validitySeconds, envelope: fixedEnvelope, backups: noBackups, clock, log },
      ...(periodEnd && { periodEnd }),
    });
    if (this.restored) {
      await books.beginTerm();
      // Its operator sees nothing that billing would have to mend.
      await books.catalogue.releaseHold();
    }
    this.restored = false;
    const streams = new LiveStreams();
    const { authorities } = await fleet();
    const context: SouthContext = {
      ...{ desired: books.desired, register: books.register, booking: books.booking },
      ...{ identities: books.identities, authorities, clock, log, streams },
      clones: new CloneWatch(),
      earlier: new EarlierStates(),
      demands: new Demands(),
      messages: new MessageRate(),
      endings: new Endings(),
      ...{ state: new SouthState(), timing: defaultTiming, controllerAddress: () => 'controller:7443' },
    };
    if (!life.alive) return;
    books.identities.onRevoked((nodeId, incarnation) => streams.revoke(nodeId, incarnation));
    this.#books = books;
    this.#listener = { life, methods: methodsOf(context) };
    await runTasks([clockWatchTask(clock, log), ...books.tasks], new AbortController().signal, { log });
  }
}

function methodsOf(context: SouthContext): SimulatedMethod[] {
  const crowd = { cutOff: () => undefined, know: () => () => undefined };
  return [
    {
      path: syncMethod.path,
      deserialize: syncMethod.requestDeserialize,
      serialize: syncMethod.responseSerialize,
      handle: syncHandler(context, crowd),
    },
    {
      path: reportMethod.path,
      deserialize: reportMethod.requestDeserialize,
      serialize: reportMethod.responseSerialize,
      handle: reportHandler(context, crowd),
    },
  ];
}
