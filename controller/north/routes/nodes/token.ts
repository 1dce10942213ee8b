import type { Route } from '../../api.ts';
import { JoinTicket } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { makeTicket } from './ticket.ts';

export const makeJoinToken: Route = (api, { joining }) => {
  api.post(
    '/v1/nodes/:node/token',
    {
      schema: {
        tags: ['nodes'],
        summary: 'A new join token; those before it end',
        params: pathOf('node'),
        response: { 201: JoinTicket },
      },
    },
    async ({ params, catalogue }) => await makeTicket(catalogue, joining, params.node),
  );
};
