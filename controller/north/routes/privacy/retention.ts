import Type from 'typebox';
import type { Route } from '../../api.ts';
import { Overdue } from '../../schemas/privacy.ts';
import { strict } from '../../schemas/values.ts';

export const showRetention: Route = (api, { privacy }) => {
  api.get(
    '/v1/privacy/retention',
    {
      schema: {
        tags: ['privacy'],
        summary: 'What goes by itself after its time, and what the next round of that would forget',
        response: { 200: Type.Object({ items: Type.Array(Overdue) }, strict) },
      },
    },
    async () => ({ items: await privacy.overdue() }),
  );
};
