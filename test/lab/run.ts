import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { patience } from './eventually.ts';

/** Node keeps what it compiled here, so that each of the many programs that a story starts need not do it anew. */
export const compileCache = {
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'turnpike-lab-compile-cache'),
};

export interface RunOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the lab; unlike the product's runner its errors show all that was said, for whoever reads the test. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await tryRun(argv, options);
  if (result.exitCode === 0) return result.stdout;
  throw new Error(`${argv.join(' ')}\nended with ${result.exitCode}\n${result.stdout}${result.stderr}`);
}

/** The same, for when a failure is what the test wants to see. */
export async function tryRun(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...args] = argv;
  const result = await execa(program, args, {
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    timeout: (options.timeoutMs ?? 60_000) * patience,
    reject: false,
    stripFinalNewline: false,
    env: { ...compileCache, ...options.env, LC_ALL: 'C' },
  });
  const why = result.timedOut ? `\n${argv[0]} took too long` : '';
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr + why };
}
