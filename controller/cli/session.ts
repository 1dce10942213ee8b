import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { printableLines } from '../../common/show.ts';
import { type ApiClient, openClient } from './client.ts';
import { type Environment, findContext, readContexts } from './contexts.ts';
import type { Input } from './input.ts';
import type { ShowProgress } from './progress.ts';
import { showJson } from './show.ts';
import type { Endpoint } from './transport.ts';

/** What the CLI needs of the process, so that tests can stand in for it. */
export interface Terminal {
  readonly env: Environment;
  write(text: string): void;
  /** How large the screen is; undefined where what is written goes elsewhere. */
  screen?(): { readonly columns: number; readonly rows: number } | undefined;
  /** Resolves when what was written has been taken: who writes much waits for it. */
  drained(): Promise<unknown>;
  /** From here on, an interrupt aborts this and does not end the process. */
  untilInterrupted(): AbortSignal;
  /** Reads a file, or standard input for `-`. */
  readText(path: string): Promise<string>;
  /** The same, bit by bit. */
  openInput(path: string): Promise<Input>;
  readonly showProgress: ShowProgress;
}

/** What each verb works with. */
export interface Session {
  readonly api: ApiClient;
  /** Prints the API's answer as JSON when `--json` asks for it, or else the text for people. */
  print(answer: unknown, forPeople: () => string): void;
  readonly terminal: Terminal;
  /** The controller that --socket or --url names. */
  readonly given: Endpoint | undefined;
}

export type OpenSession = (command: Command) => Session;

export const defaultSocket = '/run/turnpike/api.sock';

interface GlobalOptions {
  readonly socket?: string;
  readonly url?: string;
  readonly context?: string;
  readonly json?: boolean;
  readonly idempotencyKey?: string;
}

export function sessionOpener(terminal: Terminal): OpenSession {
  return (command) => {
    const options: GlobalOptions = command.optsWithGlobals();
    const given = endpointOf(options, terminal.env);
    let client: ApiClient | undefined;
    return {
      // Only when it is asked for: what is wrong with a context is to be mended with turnpike context.
      get api() {
        client ??= openClient(given ?? chosen(options, terminal.env), options.idempotencyKey);
        return client;
      },
      given,
      terminal,
      print: (answer, forPeople) =>
        terminal.write(`${options.json ? showJson(answer, 2) : printableLines(forPeople())}\n`),
    };
  };
}

function endpointOf({ url, socket }: GlobalOptions, env: Environment): Endpoint | undefined {
  if (url !== undefined) return { url: parseUrl(url), apiKey: env['TURNPIKE_API_KEY'] };
  return socket === undefined ? undefined : { socket };
}

/** Where no option says which controller is meant. */
function chosen({ context }: GlobalOptions, env: Environment): Endpoint {
  if (context !== undefined) return findContext(readContexts(env), context);
  const socket = env['TURNPIKE_SOCKET'];
  if (socket !== undefined) return { socket };
  const contexts = readContexts(env);
  return contexts.current === null ? { socket: defaultSocket } : findContext(contexts, contexts.current);
}

/** @param path `-` is standard input. */
export async function readSecret(terminal: Terminal, what: string, path: string): Promise<string> {
  try {
    return (await terminal.readText(path)).trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new TurnpikeError('invalid', `the ${what} cannot be read from ${path}: ${code}`);
  }
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new TurnpikeError('invalid', `--url "${text}" is not a URL`, {
      remedy: 'write such as https://controller.example.net',
    });
  }
  return text;
}
