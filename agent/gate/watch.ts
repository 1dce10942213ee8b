import type { Clock } from '../../common/clock.ts';
import type { LineStream } from '../../common/command.ts';
import type { GateEvent } from './model.ts';
import { bellOf, quotaName, tableName } from './names.ts';

/**
 * Reads what `nft monitor` prints and says when somebody else touched our table, one of our quotas ran dry, or a bell
 * rang.
 *
 * A transaction is printed line by line and closed by `# new generation N by process PID (NAME)`; what carries our own
 * process ids is not news. A quota that runs dry is announced by the kernel outside of any transaction, as an added
 * object that shows what it has used, and with the family of the packet that emptied it.
 */
export class MonitorReader {
  readonly #isOwn: (pid: number) => boolean;
  #touched = false;

  constructor(isOwn: (pid: number) => boolean) {
    this.#isOwn = isOwn;
  }

  /** What the line says, if it is news. */
  read(line: string): GateEvent | undefined {
    const quota = quotaLine.exec(line)?.[1];
    if (quota !== undefined) return bellOf(quota) ?? { exhausted: quotaName(quota) };
    if (ourLine.test(line)) this.#touched = true;
    const generation = generationLine.exec(line);
    if (generation === null) return line.startsWith('# ERROR') ? 'touched' : undefined;
    const touched = this.#touched;
    this.#touched = false;
    return touched && !this.#isOwn(Number(generation[1])) ? 'touched' : undefined;
  }
}

const quotaLine = new RegExp(`^add quota \\w+ ${tableName} (\\S+) \\{ .* used `);
const ourLine = new RegExp(`^(add|delete|insert|replace|flush) \\w+ inet ${tableName}\\b`);
const generationLine = /^# new generation \d+ by process (\d+) /;

/** Calls `onEvent` a moment after news, once for each kind of all that came in that moment. */
export function watchMonitor(
  open: (onLine: (line: string) => void) => LineStream,
  options: {
    readonly clock: Clock;
    readonly isOwn: (pid: number) => boolean;
    readonly onEvent: (event: GateEvent) => void;
  },
): LineStream {
  const reader = new MonitorReader(options.isOwn);
  const pending = new Set<GateEvent>();
  let stopped = false;
  const tell = () => {
    const events = [...pending];
    pending.clear();
    if (!stopped) for (const event of events) options.onEvent(event);
  };
  const stream = open((line) => {
    const event = reader.read(line);
    if (event === undefined) return;
    if (pending.size === 0) options.clock.after(gatherMs, tell);
    pending.add(event);
  });
  return {
    ended: stream.ended,
    stop: () => {
      stopped = true;
      stream.stop();
    },
  };
}

const gatherMs = 20;
