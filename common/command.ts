import { execa } from 'execa';
import { systemClock } from './clock.ts';
import { TurnpikeError } from './errors.ts';

export interface CommandOptions {
  /** Text for standard input, through a pipe. */
  readonly input?: string;
  /** Killed after this long, with all that it has started; 30 s unless told. */
  readonly timeoutMs?: number;
  /** Ends it likewise. */
  readonly signal?: AbortSignal | undefined;
  /** Told the process id when it has started. */
  readonly onStart?: (pid: number) => void;
}

/**
 * Runs programs. `argv[0]` is the program; no shell is involved. Resolves with standard output when it exits with 0.
 *
 * @throws CommandError when it does not exit with 0, does not start, or takes too long.
 */
export type CommandRunner = (
  argv: readonly [string, ...string[]],
  options?: CommandOptions,
) => Promise<string>;

/**
 * A command that failed. `message` holds the program and its exit status and nothing that it printed: what tools
 * print can hold keys and clients' addresses. `stderr` is for deciding (parsers), never for logs.
 */
export class CommandError extends TurnpikeError {
  readonly program: string;
  readonly exitCode: number | undefined;
  readonly #stderr: string;

  constructor(program: string, exitCode: number | undefined, why: string, stderr: string) {
    super('environment', `${program} ${why}`);
    this.name = 'CommandError';
    this.program = program;
    this.exitCode = exitCode;
    // A private field, so that no serializer picks it up.
    this.#stderr = stderr;
  }

  /** True when the tool's own words match; the words themselves stay inside. */
  said(pattern: RegExp): boolean {
    return pattern.test(this.#stderr);
  }
}

export const runCommand: CommandRunner = async ([program, ...args], options = {}) => {
  const child = execa(program, args, {
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    // A group of its own, so that all of it can be ended: what a shell has started outlives the shell.
    detached: true,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 1 << 30,
    env: { LC_ALL: 'C' },
  });
  const { pid } = child;
  if (pid !== undefined) options.onStart?.(pid);
  const end = () => {
    if (pid !== undefined) endGroup(pid);
    // Whoever left the group may hold the pipes open.
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  let timedOut = false;
  const timer = systemClock.after(options.timeoutMs ?? 30_000, () => {
    timedOut = true;
    end();
  });
  options.signal?.addEventListener('abort', end, { once: true });
  if (options.signal?.aborted) end();
  const result = await child;
  timer.cancel();
  options.signal?.removeEventListener('abort', end);
  if (!result.failed && !timedOut) return result.stdout;
  const failure = { ...result, timedOut };
  throw new CommandError(program, result.exitCode, describeFailure(failure), result.stderr ?? '');
};

function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

interface Failure {
  readonly timedOut: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
}

function describeFailure(result: Failure): string {
  if (result.code === 'ENOENT') return 'is not installed';
  if (result.code === 'EACCES') return 'may not be run by this user';
  if (result.timedOut) return 'took too long and was ended';
  if (result.signal !== undefined) return `was ended by ${result.signal}`;
  return `failed with status ${result.exitCode ?? 'unknown'}`;
}

export interface LineStream {
  /** Resolves when the program has ended, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** Runs a program that prints lines until it is stopped (`nft monitor`). Each line goes to `onLine`. */
export function streamLines(
  argv: readonly [string, ...string[]],
  onLine: (line: string) => void,
): LineStream {
  const [program, ...args] = argv;
  const child = execa(program, args, {
    stdin: 'ignore',
    stderr: 'ignore',
    buffer: false,
    reject: false,
    env: { LC_ALL: 'C' },
  });
  const read = async () => {
    for await (const line of child) onLine(String(line));
  };
  const ended = read().then(
    () => undefined,
    () => undefined,
  );
  return { ended, stop: () => void child.kill('SIGTERM') };
}
