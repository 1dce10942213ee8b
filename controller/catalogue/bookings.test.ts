import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

describe('bookings', () => {
  it('of others are not found by a reseller', async () => {
    const { catalogue } = rig.books;
    const { id: tariff } = await catalogue.addTariff({ name: 'm', volumeBytes: 1000n, period: 'month' });
    for (const tag of ['theirs', 'ours']) {
      await catalogue.addAccount({ reference: tag, tag });
      const { id } = await catalogue.createSubscription({ account: tag, tariff, expires: '2199-01-01' });
      await catalogue.topUp(id, { bytes: 1000n, reason: 'x', reference: 'same' });
      await catalogue.renewSubscription(id, { reference: 'same' });
    }
    expect((await catalogue.findBookings('same')).adjustments).toHaveLength(2);
    const { adjustments, renewals } = await catalogue.within({ tag: 'ours' }).findBookings('same');
    expect(adjustments).toHaveLength(1);
    expect(renewals).toHaveLength(1);
    const nobody = catalogue.within({ tag: 'nobody' });
    await expect(nobody.findBookings('same')).rejects.toMatchObject({ code: 'not_found' });
  });
});
