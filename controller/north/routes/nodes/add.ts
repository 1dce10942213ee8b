import type { Route } from '../../api.ts';
import { JoinTicket } from '../../schemas/answers.ts';
import { NewNode } from '../../schemas/requests.ts';
import { makeTicket } from './ticket.ts';

export const addNode: Route = (api, { joining }) => {
  api.post(
    '/v1/nodes',
    {
      schema: {
        tags: ['nodes'],
        summary: 'Add a node; the answer has the command that joins it',
        body: NewNode,
        response: { 201: JoinTicket },
      },
    },
    async ({ body, catalogue }) => {
      const node = await catalogue.addNode(body);
      return await makeTicket(catalogue, joining, node.id);
    },
  );
};
