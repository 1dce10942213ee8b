import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface ApiAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

/** The HTTP API on the controller's socket, as a program uses it that is not the CLI. */
export async function callApi(
  socket: string,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: unknown,
): Promise<ApiAnswer> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const call = request({ socketPath: socket, method, path, headers });
  call.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = await once(call, 'response');
  const { statusCode = 0, headers: said } = answer;
  return {
    status: statusCode,
    contentType: String(said['content-type']),
    body: JSON.parse(await text(answer)),
  };
}

/** Makes something, and gives the answer's body. */
export async function createThrough<Made>(socket: string, path: string, body: unknown): Promise<Made> {
  const answer = await callApi(socket, 'POST', path, body);
  if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer.body as Made;
}
