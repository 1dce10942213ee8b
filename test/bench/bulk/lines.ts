import { randomBytes } from 'node:crypto';

/** A billing system's list: each subscription followed by its devices. Keys are random, as real ones look. */
export function* listOf(subscriptions: number, devicesEach: number): Generator<string> {
  for (let n = 1; n <= subscriptions; n += 1) {
    const reference = `contract-${String(n).padStart(7, '0')}`;
    const subscription = {
      ...{ type: 'subscription', reference, account: `customer-${String(n).padStart(7, '0')}` },
      ...{ tariff: 'monthly', timeZone: 'Europe/Berlin', expires: '2036-01-01', suspended: null },
    };
    yield `${JSON.stringify(subscription)}\n`;
    for (let d = 1; d <= devicesEach; d += 1) {
      const publicKey = randomBytes(32).toString('base64');
      const device = { type: 'device', subscription: reference, publicKey, label: `phone ${n}-${d}` };
      yield `${JSON.stringify({ ...device, platform: 'ios' })}\n`;
    }
  }
}
