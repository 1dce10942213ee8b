import type { Clock } from '../../common/clock.ts';
import type { LineStream } from '../../common/command.ts';
import { tableName } from './names.ts';

/**
 * Reads what `nft monitor` prints and says when somebody else touched our table or one of our quotas ran dry.
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

  /** Whether the line is news. */
  read(line: string): boolean {
    if (quotaLine.test(line)) return true;
    if (ourLine.test(line)) this.#touched = true;
    const generation = generationLine.exec(line);
    if (generation === null) return line.startsWith('# ERROR');
    const touched = this.#touched;
    this.#touched = false;
    return touched && !this.#isOwn(Number(generation[1]));
  }
}

const quotaLine = new RegExp(`^add quota \\w+ ${tableName} \\S+ \\{ .* used `);
const ourLine = new RegExp(`^(add|delete|insert|replace|flush) \\w+ inet ${tableName}\\b`);
const generationLine = /^# new generation \d+ by process (\d+) /;

/** Calls `onEvent` a moment after news, once for all that came in that moment. */
export function watchMonitor(
  open: (onLine: (line: string) => void) => LineStream,
  options: { readonly clock: Clock; readonly isOwn: (pid: number) => boolean; readonly onEvent: () => void },
): LineStream {
  const reader = new MonitorReader(options.isOwn);
  let pending = false;
  let stopped = false;
  const stream = open((line) => {
    if (!reader.read(line) || pending) return;
    pending = true;
    options.clock.after(gatherMs, () => {
      pending = false;
      if (!stopped) options.onEvent();
    });
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
