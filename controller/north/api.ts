import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Audit, Figures } from '../audit/audit.ts';
import type { BackupsAtMachine } from '../backup/backups.ts';
import type { Scope } from '../catalogue/api-key-scopes.ts';
import type { ApiKey, ApiKeys } from '../catalogue/api-keys.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { ReadHealth } from '../health.ts';
import type { Changes } from '../idempotency/changes.ts';
import type { CaRollover } from '../identity/ca-rollover.ts';
import type { Privacy } from '../privacy/privacy.ts';
import type { KeysAtMachine } from '../vault/keys.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { Versioned } from './versions.ts';

/** The fastify instance that routes are added to. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What nodes need to know to join. */
export interface Joining {
  /** HOST:PORT of the enrolment listener, as nodes reach it. */
  readonly enrolmentAddress: () => string;
  /** `sha256:` and hex over the CA's certificate. */
  readonly pin: () => string;
}

/** What routes are made of; the catalogue comes with each request, as its caller may see it. */
export interface RouteContext {
  readonly apiKeys: ApiKeys;
  readonly changes: Changes;
  readonly webhooks: Webhooks;
  readonly audit: Audit;
  readonly privacy: Privacy;
  readonly joining: Joining;
  readonly rollover: CaRollover;
  readonly keys: KeysAtMachine;
  readonly backups: BackupsAtMachine;
  readonly health: ReadHealth;
  readonly version: string;
}

/** One route, in a file of its own. */
export type Route = (api: Api, context: RouteContext) => void;

/** Who sent a request. */
export interface Caller {
  /** Id of the API key; `socket` for whoever may open the unix socket, who may do everything. */
  readonly id: string;
  readonly apiKey: ApiKey | undefined;
  /** The key itself; empty on the socket. */
  readonly secret: string;
  /** On the socket: the Unix user who sent it, where the kernel told. */
  readonly uid?: number | undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller needs; `public`: nothing; `socket`: no key will do. Given in routes.ts; a route without one does not start. */
    scope?: Scope | 'public' | 'socket';
    /** Not a GET, and yet it changes nothing, or keeps count of its changes itself. */
    changes?: false;
    /** It hands out secrets or personal data: who asked for them is written down. */
    audited?: true;
    /** A right of customers: also where their data is restricted. */
    right?: true;
    /** A key that is confined to a tag may use it: it says and does nothing of what others have. */
    confinable?: boolean;
    /** What it changes, for If-Match. */
    versioned?: Versioned;
  }
  interface FastifyInstance {
    /** Answers and bodies that go on; they are ended before the API closes. */
    streams: Set<AbortController>;
    /** How many lists each API key, by its id, has under way. */
    lists: Map<string, number>;
  }
  interface FastifyRequest {
    caller: Caller | undefined;
    /** As the caller may see, change and sell. */
    readonly catalogue: Catalogue;
    /** What is left to do when the change is durable; gives the answer in place of the handler's. */
    afterwards: (() => Promise<unknown>) | undefined;
    /** What its lines have come to so far, for the audit log; of other requests, and before the first line: nothing. */
    figures: (() => Figures | undefined) | undefined;
  }
}
