import { afterEach, beforeEach, expect, it } from 'vitest';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

it('a tariff in use says which subscriptions can be moved, and that cancelled ones keep it', async () => {
  const { catalogue } = rig.books;
  const ended = await rig.subscription();
  const { tariff } = await catalogue.getSubscription(ended);
  const account = await catalogue.addAccount({ reference: 'another' });
  const { id: live } = await catalogue.createSubscription({ account: account.id, tariff });
  await catalogue.cancelSubscription(ended, { reason: 'moved' });
  await expect(catalogue.removeTariff(tariff)).rejects.toMatchObject({
    code: 'conflict',
    message: `tariff ${tariff} has 2 subscriptions, of which 1 is cancelled: the tariff stays as long as that one is kept`,
    remedy: expect.stringMatching(new RegExp(`such as ${live}$`)),
  });
  await catalogue.cancelSubscription(live, { reason: 'moved' });
  await expect(catalogue.removeTariff(tariff)).rejects.toMatchObject({
    message: expect.stringContaining('of which 2 are cancelled: the tariff stays as long as those are kept'),
    remedy: undefined,
  });
});
