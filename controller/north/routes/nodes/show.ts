import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Node } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { versioned } from '../../versions.ts';

export const showNode: Route = (api) => {
  api.get(
    '/v1/nodes/:node',
    {
      config: { versioned: versioned.node },
      schema: {
        tags: ['nodes'],
        summary: 'A node, by name or id',
        params: pathOf('node'),
        response: { 200: Node },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.getNode(params.node)),
  );
};
