import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';

import { text } from 'node:stream/consumers';
import { endOnCrash } from '../../common/crash.ts';
import { exitCodes } from '../../common/exit.ts';
import { openInput } from './input.ts';
import { createProgram, runProgram } from './program.ts';

endOnCrash('turnpike');
// Whoever read has enough, as `head` has: ended as others are by SIGPIPE, which Node does not take.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(128 + constants.signals.SIGPIPE);
  process.stderr.write(`turnpike: the output cannot be written: ${error.code ?? error.name}\n`);
  process.exit(exitCodes.environment);
});
const program = createProgram({
  env: process.env,
  write: (output) => process.stdout.write(output),
  screen: () => {
    const { isTTY, columns, rows } = process.stdout;
    return isTTY ? { columns, rows } : undefined;
  },
  drained: async () => process.stdout.writableNeedDrain && once(process.stdout, 'drain'),
  untilInterrupted: () => {
    const enough = new AbortController();
    process.once('SIGINT', () => enough.abort());
    return enough.signal;
  },
  openInput: (path) => openInput(path, process.stdin),
  showProgress: process.stderr.isTTY ? (line) => void process.stderr.write(`\r\u001b[K${line}`) : undefined,
  readText: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
});
process.exitCode = await runProgram(program, process.argv.slice(2), (line) => process.stderr.write(line));
