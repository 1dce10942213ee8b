import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Group } from '../../schemas/answers.ts';
import { NewGroup } from '../../schemas/requests.ts';

export const addGroup: Route = (api) => {
  api.post(
    '/v1/groups',
    {
      schema: { tags: ['groups'], summary: 'Add a group of nodes', body: NewGroup, response: { 201: Group } },
    },
    async ({ body, catalogue }) => toJson(await catalogue.addGroup(body)),
  );
};
