import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Problem, problemOfConnection } from './problem.ts';

/** Answers what is no HTTP, or too much or too slow to be heard to its end, and ends the connection. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  // Nobody is there any more.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOfConnection(error.code);
  socket.end(answerOf(problem), () => socket.destroy());
}

function answerOf(problem: Problem): string {
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'connection: close',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
