import swagger from '@fastify/swagger';
import type { Api } from './api.ts';
import { hoistSchemas } from './components.ts';
import { WebhookMessage } from './schemas/webhooks.ts';

const tags = {
  accounts: "The operator's customers, each an opaque reference.",
  'API keys': 'Who may use this API over TCP.',
  audit: 'Who did what, and what was refused.',
  bulk: 'Lists of subscriptions and devices, line by line (NDJSON).',
  devices: 'A WireGuard key each, with its tunnel addresses.',
  events: 'What happened.',
  fleet: 'All of it at a glance.',
  groups: 'Of nodes; a tariff is served by one.',
  nodes: 'VPN servers.',
  privacy: 'What is stored of customers, and their rights to it.',
  subscriptions: "An account's use of a tariff in time, and what is added to it or taken back.",
  tariffs: 'What is sold.',
  usage: 'What passed, as it is billed.',
  webhooks: 'Endpoints that events are sent to.',
};

/** The description of the API: OpenAPI 3.1. */
export async function describeApi(api: Api, version: string): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Turnpike',
        version,
        description:
          'Bytes are strings of digits, because they may pass 2^53; times are RFC 3339; errors are problem ' +
          'documents (RFC 9457) with a stable type. What a request holds that is not described here is refused.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This controller.' }],
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
      webhooks: {
        event: {
          post: {
            operationId: 'receiveEvent',
            tags: ['webhooks'],
            summary: 'An event, posted to an endpoint as the Standard Webhooks convention has it',
            description:
              'With webhook-id, webhook-timestamp and webhook-signature. Answer 2xx within 15 s; anything else is tried again.',
            requestBody: { required: true, content: { 'application/json': { schema: WebhookMessage } } },
            responses: { '2XX': { description: 'Taken.' } },
          },
        },
      } as never,
      components: {
        securitySchemes: {
          key: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API key. What an operation needs of scopes stands beside it.',
          },
        },
      },
    },
    transformObject: (document) =>
      hoistSchemas('openapiObject' in document ? document.openapiObject : {}) as never,
  });
}
