import Type from 'typebox';
import type { Route } from '../../api.ts';
import { listPage } from '../../paging.ts';
import { Node, pageOf } from '../../schemas/answers.ts';
import { paging } from '../../schemas/requests.ts';
import { strict } from '../../schemas/values.ts';

export const listNodes: Route = (api) => {
  api.get(
    '/v1/nodes',
    {
      schema: {
        tags: ['nodes'],
        summary: 'List nodes',
        querystring: Type.Object(paging, strict),
        response: { 200: pageOf(Node) },
      },
    },
    async ({ query, catalogue }) => listPage('nodes', query, (page) => catalogue.listNodes(page)),
  );
};
