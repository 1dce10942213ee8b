#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { endOnCrash } from '../../common/crash.ts';
import { createProgram, runProgram } from './program.ts';

endOnCrash('turnpike');
const program = createProgram({
  env: process.env,
  write: (output) => process.stdout.write(output),
  screen: () => {
    const { isTTY, columns, rows } = process.stdout;
    return isTTY ? { columns, rows } : undefined;
  },
  untilInterrupted: () => {
    const enough = new AbortController();
    process.once('SIGINT', () => enough.abort());
    return enough.signal;
  },
  readText: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
});
process.exitCode = await runProgram(program, process.argv.slice(2), (line) => process.stderr.write(line));
