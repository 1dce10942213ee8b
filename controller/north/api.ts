import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ApiKeys } from '../catalogue/api-keys.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { CaRollover } from '../identity/ca-rollover.ts';

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

/** What routes are made of. */
export interface RouteContext {
  readonly catalogue: Catalogue;
  readonly apiKeys: ApiKeys;
  readonly joining: Joining;
  readonly rollover: CaRollover;
  readonly version: string;
}

/** One route, in a file of its own. */
export type Route = (api: Api, context: RouteContext) => void;
