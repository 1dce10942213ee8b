import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Group } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { GroupChange } from '../../schemas/requests.ts';
import { versioned } from '../../versions.ts';

export const changeGroup: Route = (api) => {
  api.patch(
    '/v1/groups/:group',
    {
      config: { versioned: versioned.group },
      schema: {
        tags: ['groups'],
        summary: "Change a group's settings; what is absent stays as it is",
        params: pathOf('group'),
        body: GroupChange,
        response: { 200: Group },
      },
    },
    async ({ params, body, catalogue }) => toJson(await catalogue.setGroup(params.group, body)),
  );
};
