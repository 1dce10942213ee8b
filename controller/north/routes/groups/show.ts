import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Group } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { versioned } from '../../versions.ts';

export const showGroup: Route = (api) => {
  api.get(
    '/v1/groups/:group',
    {
      config: { versioned: versioned.group },
      schema: {
        tags: ['groups'],
        summary: 'A group, by name or id',
        params: pathOf('group'),
        response: { 200: Group },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.getGroup(params.group)),
  );
};
