import { createHash, randomBytes } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';
import { covers, type Scope } from '../catalogue/api-key-scopes.ts';
import type { ApiKeys } from '../catalogue/api-keys.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Reach } from '../catalogue/reach.ts';
import type { Api, Caller } from './api.ts';
import { peerUser } from './peer-user.ts';
import { Refusal } from './problem.ts';

/** 256 random bits; what it starts with lets scanners for leaked secrets know it. */
export function newApiKey(): string {
  return `turnpike_${randomBytes(32).toString('base64url')}`;
}

/** Keys are random, so a plain hash is enough: there is nothing to guess. */
export function hashApiKey(key: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(key).digest());
}

/** Whoever may open the socket is trusted. */
export function trustCallers(api: Api): void {
  api.addHook('onRequest', async (request) => {
    request.caller = { id: 'socket', apiKey: undefined, secret: '', uid: peerUser(request.raw.socket) };
  });
}

/** Each request has the catalogue as its caller may see it. */
export function giveCatalogues(api: Api, catalogue: Catalogue): void {
  api.decorateRequest('catalogue', {
    getter() {
      if (this.caller === undefined) throw new TurnpikeError('internal', 'nobody asks for the catalogue');
      const reach = reachOf(this.caller);
      return reach === undefined ? catalogue : catalogue.within(reach);
    },
  });
}

/** Each request needs an API key with the scope of its route. */
export function demandKeys(api: Api, apiKeys: ApiKeys): void {
  api.addHook('onRequest', async (request) => {
    // Of the route that was found, not of the URL: that one can be written in many ways.
    const { scope } = request.routeOptions.config;
    if (scope === 'public') return;
    const caller = await authenticate(request.headers.authorization, apiKeys);
    request.caller = caller;
    if (scope === 'socket') {
      throw new TurnpikeError('forbidden', 'no API key may do this', {
        remedy: 'use the unix socket on the machine of the controller',
      });
    }
    // What is not there is said to be so to those who are known.
    if (scope === undefined) return;
    demandScope(caller, scope);
    demandReach(caller, request.routeOptions.config.confinable === true);
  });
}

/**
 * Who calls, by the Authorization header (RFC 6750).
 * @throws TurnpikeError `unauthenticated`
 */
async function authenticate(header: string | undefined, keys: ApiKeys): Promise<Caller> {
  const key = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
  if (key === undefined) {
    throw new TurnpikeError('unauthenticated', 'this listener needs an API key', {
      remedy:
        'send "Authorization: Bearer KEY"; keys are made with turnpike api-key add NAME on the controller',
    });
  }
  const found = await keys.use(hashApiKey(key));
  if (found === undefined) {
    throw new TurnpikeError('unauthenticated', 'this API key is not known', {
      remedy: 'it may have been removed or rotated; turnpike api-key list on the controller has them all',
    });
  }
  return { id: found.id, apiKey: found, secret: key };
}

/** Whether an answer that goes on may do so: its key may have been removed, or lost the scope. */
export async function mayGoOn(caller: Caller | undefined, scope: Scope, keys: ApiKeys): Promise<boolean> {
  if (caller?.apiKey === undefined) return caller !== undefined;
  const found = await keys.use(hashApiKey(caller.secret)).catch(() => undefined);
  return found !== undefined && covers(found.scopes, scope) && found.tag === caller.apiKey.tag;
}

function demandScope({ apiKey }: Caller, scope: Scope): void {
  if (apiKey === undefined || covers(apiKey.scopes, scope)) return;
  throw new Refusal(
    'insufficient-scope',
    `this needs the scope "${scope}", and the API key "${apiKey.name}" has ${apiKey.scopes.join(', ')}`,
    {
      remedy: `on the controller: turnpike api-key set ${apiKey.name} --scopes …, or use another key`,
      scope,
    },
  );
}

function demandReach({ apiKey }: Caller, confinable: boolean): void {
  if (apiKey?.tag == null || confinable) return;
  throw new TurnpikeError(
    'forbidden',
    `the API key "${apiKey.name}" is confined to the tag "${apiKey.tag}", and this is about all customers`,
    { remedy: 'use a key without a tag' },
  );
}

/** What a caller may see, change and sell; undefined: everything. */
function reachOf({ apiKey }: Caller): Reach | undefined {
  if (apiKey === undefined) return undefined;
  const { id: keyId, name: keyName, tag, budgetBytes, scopes } = apiKey;
  // A support desk gives what it was given to give.
  const isDesk = covers(scopes, 'support') && !covers(scopes, 'subscriptions');
  const bounded = budgetBytes != null || isDesk;
  if (tag == null && !bounded) return undefined;
  return { ...(tag != null && { tag }), ...(bounded && { seller: { keyId, keyName } }) };
}
