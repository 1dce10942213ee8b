import Type from 'typebox';
import { renderWgQuick } from '../../../client-config/wg-quick.ts';
import type { Route } from '../../api.ts';
import { pathOf } from '../../schemas/paths.ts';
import { name, strict } from '../../schemas/values.ts';

export const showConfig: Route = (api) => {
  api.get(
    '/v1/devices/:device/config',
    {
      config: { audited: true },
      schema: {
        tags: ['devices'],
        summary: "A device's configuration for one node, with a placeholder for the private key",
        params: pathOf('device'),
        querystring: Type.Object({ node: name('Name or id of the node.') }, strict),
        response: {
          200: {
            description: 'What wg-quick and the WireGuard apps read.',
            content: { 'text/plain': { schema: Type.String() } },
          },
        },
      },
    },
    async ({ params, query, catalogue }, reply) => {
      const text = renderWgQuick(await catalogue.getClientSettings(params.device, query.node));
      reply.type('text/plain; charset=utf-8');
      return text;
    },
  );
};
