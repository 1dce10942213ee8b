import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { Group, pageOf } from '../../schemas/answers.ts';
import { paging } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

export const listGroups: Route = (api) => {
  api.get(
    '/v1/groups',
    {
      schema: {
        tags: ['groups'],
        summary: 'List groups',
        querystring: Type.Object(paging, strict),
        response: { 200: pageOf(Group) },
      },
    },
    async ({ query, catalogue }) => listPage('groups', query, (page) => catalogue.listGroups(page)),
  );
};
