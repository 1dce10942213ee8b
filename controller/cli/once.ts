import { randomUUID } from 'node:crypto';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';

type Fetch = (request: Request) => Promise<Response>;

const inFlight = 'urn:turnpike:problem:idempotency-in-flight';
const lookEveryMs = 500;
const looks = 20;

/**
 * Sends each change with an Idempotency-Key, and once more with the same one where no answer came: so it is made once,
 * whatever became of the first request.
 * @param given the key; undefined: one of its own. A command that makes several changes counts them, so that the same
 * command with the same key again makes none of them twice.
 */
export function changeOnce(fetch: Fetch, clock: Pick<Clock, 'sleep'>, given?: string): Fetch {
  const key = given ?? randomUUID();
  let changes = 0;
  return async (request) => {
    // Lists are read as they are sent, and do nothing twice by themselves.
    const isList = request.headers.get('content-type') === 'application/x-ndjson';
    if (request.method === 'GET' || isList) return fetch(request);
    changes += 1;
    request.headers.set('idempotency-key', changes === 1 ? key : `${key}-${changes}`);
    const send = () => wholeAnswer(fetch, request.clone());
    try {
      return await send();
    } catch (error) {
      if (!mayHaveArrived(error)) throw error;
    }
    try {
      return await sendAgain(send, clock);
    } catch (error) {
      if (!mayHaveArrived(error)) throw error;
      throw new TurnpikeError('unavailable', `${error.message}; whether it was done is not known`, {
        remedy: `say the same again with --idempotency-key ${key}: then it is not done twice`,
        cause: error,
      });
    }
  };
}

/** Also when the first one is still at work. */
async function sendAgain(send: () => Promise<Response>, clock: Pick<Clock, 'sleep'>): Promise<Response> {
  let answer = await send();
  for (let look = 1; look < looks && (await isInFlight(answer)); look += 1) {
    await clock.sleep(lookEveryMs);
    answer = await send();
  }
  return answer;
}

async function isInFlight(answer: Response): Promise<boolean> {
  return answer.status === 409 && (await answer.clone().text()).includes(inFlight);
}

/** An answer that breaks off is none. */
async function wholeAnswer(fetch: Fetch, request: Request): Promise<Response> {
  const answer = await fetch(request);
  if (answer.body === null) return answer;
  const { status, headers } = answer;
  return new Response(await answer.arrayBuffer(), { status, headers });
}

/** Not when nobody listens there. */
export function mayHaveArrived(error: unknown): error is TurnpikeError {
  if (!(error instanceof TurnpikeError) || error.code !== 'unavailable') return false;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return !['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN'].includes(code);
}
