import type { Static } from 'typebox';
import { expectTypeOf, it } from 'vitest';
import type * as cli from '../cli/api.ts';
import type * as answers from './schemas/answers.ts';
import type * as tariffs from './schemas/tariffs.ts';

it('what the CLI reads is what the API answers', () => {
  expectTypeOf<Static<typeof answers.Account>>().toExtend<cli.Account>();
  expectTypeOf<Static<typeof answers.AccountDetail>>().toExtend<cli.AccountDetail>();
  expectTypeOf<Static<typeof tariffs.Tariff>>().toExtend<cli.Tariff>();
  expectTypeOf<Static<typeof tariffs.TariffChange>>().toExtend<cli.TariffChange>();
  expectTypeOf<Static<typeof answers.Subscription>>().toExtend<cli.Subscription>();
  expectTypeOf<Static<typeof answers.SubscriptionDetail>>().toExtend<cli.SubscriptionDetail>();
  expectTypeOf<Static<typeof answers.SubscriptionChange>>().toExtend<cli.SubscriptionChange>();
  expectTypeOf<Static<typeof answers.Renewal>>().toExtend<cli.Renewal>();
  expectTypeOf<Static<typeof answers.Adjustment>>().toExtend<cli.Adjustment>();
  expectTypeOf<Static<typeof answers.Device>>().toExtend<cli.Device>();
  expectTypeOf<Static<typeof answers.KeyedDevice>>().toExtend<cli.KeyedDevice>();
  expectTypeOf<Static<typeof answers.Node>>().toExtend<cli.Node>();
  expectTypeOf<Static<typeof answers.JoinTicket>>().toExtend<cli.JoinTicket>();
  expectTypeOf<Static<typeof answers.Group>>().toExtend<cli.Group>();
  expectTypeOf<Static<typeof answers.Usage>>().toExtend<cli.Usage>();
  expectTypeOf<Static<typeof answers.Event>>().toExtend<cli.Event>();
  expectTypeOf<Static<typeof answers.FleetStatus>>().toExtend<cli.FleetStatus>();
  expectTypeOf<Static<typeof answers.Explanation>>().toExtend<cli.Explanation>();
  expectTypeOf<Static<typeof answers.Ca>>().toExtend<cli.Ca>();
  expectTypeOf<Static<typeof answers.ApiKey>>().toExtend<cli.ApiKey>();
});
