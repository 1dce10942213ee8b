import { TurnpikeError } from '../../../../common/errors.ts';
import type { Route } from '../../api.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Replay, Replayed } from '../../schemas/webhooks.ts';

export const replayWebhook: Route = (api, { webhooks }) => {
  api.post(
    '/v1/webhooks/:webhook/replays',
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Send one delivery again, or all events since a time',
        params: pathOf('webhook'),
        body: Replay,
        response: { 201: Replayed },
      },
    },
    async ({ params, body: { delivery, since } }) => {
      if ((delivery === undefined) === (since === undefined)) {
        throw new TurnpikeError('invalid', 'a replay is of one delivery or since a time', {
          remedy: 'give delivery or since',
        });
      }
      const what = delivery === undefined ? { since: since ?? '' } : { delivery };
      return { deliveries: await webhooks.replay(params.webhook, what) };
    },
  );
};
