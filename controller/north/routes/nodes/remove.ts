import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { sayNotCovered } from '../../not-covered.ts';
import { RemovedNode } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { versioned } from '../../versions.ts';

export const removeNode: Route = (api, { backups }) => {
  api.delete(
    '/v1/nodes/:node',
    {
      config: { versioned: versioned.node },
      schema: {
        tags: ['nodes'],
        summary: 'Remove a node: revoked at once; what it had left of any volume is written off',
        params: pathOf('node'),
        response: { 200: RemovedNode },
      },
    },
    async (request) => {
      return sayNotCovered(request, backups, toJson(await request.catalogue.removeNode(request.params.node)));
    },
  );
};
