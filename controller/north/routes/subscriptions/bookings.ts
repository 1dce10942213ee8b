import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Bookings } from '../../schemas/answers.ts';
import { name, strict } from '../../schemas/values.ts';

export const findBookings: Route = (api) => {
  api.get(
    '/v1/bookings',
    {
      schema: {
        tags: ['subscriptions'],
        summary: 'What was booked with a reference of yours, on whichever subscription',
        querystring: Type.Object(
          { reference: name('As it was given with the top-up, refund, reversal or renewal.') },
          strict,
        ),
        response: { 200: Bookings },
      },
    },
    async ({ query, catalogue }) => toJson(await catalogue.findBookings(query.reference)),
  );
};
