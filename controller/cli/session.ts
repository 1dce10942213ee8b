import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { printableLines } from '../../common/show.ts';
import { type ApiClient, openClient } from './client.ts';
import type { Input } from './input.ts';
import type { ShowProgress } from './progress.ts';
import { showJson } from './show.ts';

/** What the CLI needs of the process, so that tests can stand in for it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  write(text: string): void;
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
}

export type OpenSession = (command: Command) => Session;

export const defaultSocket = '/run/turnpike/api.sock';

interface GlobalOptions {
  readonly socket?: string;
  readonly url?: string;
  readonly json?: boolean;
}

export function sessionOpener(terminal: Terminal): OpenSession {
  return (command) => {
    const options: GlobalOptions = command.optsWithGlobals();
    const { env } = terminal;
    const endpoint =
      options.url === undefined
        ? { socket: options.socket ?? env['TURNPIKE_SOCKET'] ?? defaultSocket }
        : { url: parseUrl(options.url), apiKey: env['TURNPIKE_API_KEY'] };
    return {
      api: openClient(endpoint),
      terminal,
      print: (answer, forPeople) =>
        terminal.write(`${options.json ? showJson(answer, 2) : printableLines(forPeople())}\n`),
    };
  };
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
