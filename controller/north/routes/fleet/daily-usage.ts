import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { DailyUsage } from '../../schemas/answers.ts';
import { UsageQuery } from '../../schemas/requests.ts';

export const showDailyUsage: Route = (api) => {
  api.get(
    '/v1/usage/days',
    {
      schema: {
        tags: ['usage'],
        summary: 'What a subscription used in a period, by day and node',
        description:
          "Days are those of the subscription's time zone on which usage was booked, some 5 s after it passed; what a node " +
          'that was cut off reports later is of the day of its report, at the latest the last one of the period.',
        querystring: UsageQuery,
        response: { 200: DailyUsage },
      },
    },
    async ({ query: { subscription, period }, catalogue }) =>
      toJson(await catalogue.getDailyUsage(subscription, period === undefined ? {} : { period })),
  );
};
