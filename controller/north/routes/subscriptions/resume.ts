import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { Subscription } from '../../schemas/answers.ts';
import { pathOf } from '../../schemas/paths.ts';
import { versioned } from '../../versions.ts';

export const resume: Route = (api) => {
  api.post(
    '/v1/subscriptions/:subscription/resume',
    {
      config: { versioned: versioned.subscription },
      schema: {
        tags: ['subscriptions'],
        summary: 'End a suspension',
        params: pathOf('subscription'),
        response: { 200: Subscription },
      },
    },
    async ({ params, catalogue }) => toJson(await catalogue.resume(params.subscription)),
  );
};
