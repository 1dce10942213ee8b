import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/** Asks the API as a billing backend does, on the controller's socket. */
export async function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: object,
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API answers
): Promise<{ status: number | undefined; body: any }> {
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    request({ socketPath, method, path, headers }, resolve)
      .on('error', reject)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
  return { status: answer.statusCode, body: JSON.parse(await text(answer)) };
}
