import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Node } from '../../schemas/answers.ts';
import { NodeMove } from '../../schemas/requests.ts';

export const moveNode: Route = (api, { catalogue }) => {
  api.patch(
    '/v1/nodes/:node',
    {
      schema: {
        tags: ['nodes'],
        summary: 'Put a node into another group',
        params: Type.Object({ node: Type.String() }),
        body: NodeMove,
        response: { 200: Node },
      },
    },
    async ({ params, body }) => toJson(await catalogue.moveNode(params.node, body)),
  );
};
