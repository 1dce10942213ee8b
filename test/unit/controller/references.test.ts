import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openapiText } from '../../../controller/north/openapi-document.ts';
import { ask } from './http.ts';
import { type RunningController, startController } from './rig.ts';

const occasion = (reference: string) => ({ reason: 'x', reference });

/** What a billing backend does to a subscription, by the route and what it takes; in an order in which all of it can be done. */
const deeds = [
  ['GET', '', undefined],
  ['PATCH', '', { expires: '2199-01-01' }],
  ['POST', '/adjustments', { bytes: '5000', ...occasion('invoice 1') }],
  ['POST', '/refunds', { bytes: '1000', ...occasion('refund 1') }],
  ['POST', '/adjustments/{adjustment}/reversal', occasion('reversal 1')],
  ['POST', '/suspend', { reason: 'unpaid' }],
  ['POST', '/resume', undefined],
  ['POST', '/renewals', { reference: 'invoice 1' }],
  ['POST', '/tariff', { tariff: 'more' }],
  ['POST', '/cancel', { reason: 'left us' }],
] as const;

describe('a billing backend that knows its own references only', { timeout: 60_000 }, () => {
  let controller: RunningController;

  beforeAll(async () => {
    controller = await startController();
    const { turnpike } = controller;
    for (const name of ['monthly', 'more']) {
      await turnpike.text('tariff', 'add', name, '--volume', '1GB', '--period', 'month', '--duration', '30d');
    }
    await turnpike.text('account', 'add', 'customer 1');
    await turnpike.text('subscription', 'create', '--account', 'customer 1', '--tariff', 'monthly');
  });
  afterAll(() => controller.stop());

  it("does all there is with a subscription by its account's reference", async () => {
    const described = Object.entries(JSON.parse(await openapiText()).paths as Record<string, object>).flatMap(
      ([path, methods]) =>
        path.startsWith('/v1/subscriptions/{subscription}')
          ? Object.keys(methods).map(
              (method) => `${method.toUpperCase()} ${path.slice('/v1/subscriptions/{subscription}'.length)}`,
            )
          : [],
    );
    expect(deeds.map(([method, path]) => `${method} ${path}`).toSorted()).toEqual(described.toSorted());
    let adjustment = '';
    for (const [method, path, body] of deeds) {
      const url = `/v1/subscriptions/customer%201${path.replace('{adjustment}', adjustment)}`;
      const answer = await ask(controller.socket, method, url, body);
      expect(answer, `${method} ${path}: ${JSON.stringify(answer.body)}`).toMatchObject({
        status: expect.toSatisfy((status: number) => status < 300),
      });
      if (path === '/adjustments') adjustment = answer.body.id;
    }
  });

  it('reaches an account by every reference that it may have, and one that no URL reaches is refused', async () => {
    const { socket } = controller;
    const marks = [
      '...',
      'a/b',
      '/',
      '%',
      '%2e',
      '%2F',
      '?',
      '#',
      ';',
      ':x',
      '*',
      '\\',
      ' a  b '.trim(),
      '"',
      '&=+',
    ];
    for (const reference of [...marks, 'я'.repeat(128), '😀'.repeat(64), '漢'.repeat(128)]) {
      const added = await ask(socket, 'POST', '/v1/accounts', { reference });
      const found = await ask(socket, 'GET', `/v1/accounts/${encodeURIComponent(reference)}`);
      expect([reference, added.status, found.body.id]).toEqual([reference, 201, added.body.id]);
    }
    for (const reference of ['.', '..', ' . ']) {
      const refused = await ask(socket, 'POST', '/v1/accounts', { reference });
      expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringContaining('no URL') } });
    }
  });

  it('finds what was booked with a reference, and hears of a payment that did not arrive', async () => {
    const { socket, turnpike } = controller;
    const found = await ask(socket, 'GET', '/v1/bookings?reference=invoice%201');
    expect(found.body.adjustments).toMatchObject([{ kind: 'top-up', bytes: '5000', reference: 'invoice 1' }]);
    expect(found.body.renewals).toMatchObject([{ reference: 'invoice 1', periods: 1 }]);
    const missing = await ask(socket, 'GET', '/v1/bookings?reference=invoice%202');
    expect(missing.body.type).toBe('urn:turnpike:problem:not-found');
    expect(await turnpike.text('booking', 'refund 1')).toMatch(/refund .* refund 1 /);
    expect(await turnpike.text('subscription', 'show', 'customer 1')).toMatch(
      /^RENEWAL OF .*\nsub_\w+ .* invoice 1 /m,
    );
  });
});
