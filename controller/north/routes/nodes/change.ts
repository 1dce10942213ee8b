import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Node } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { NodeChange } from '../../schemas/requests.ts';
import { versioned } from '../../versions.ts';

export const changeNode: Route = (api) => {
  api.patch(
    '/v1/nodes/:node',
    {
      config: { versioned: versioned.node },
      schema: {
        tags: ['nodes'],
        summary: 'Change name, endpoint, group or multiplier of a node',
        params: pathOf('node'),
        body: NodeChange,
        response: { 200: Node },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.setNode(params.node, body)),
  );
};
