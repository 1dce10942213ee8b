import Type from 'typebox';
import type { Route } from '../../api.ts';
import { toJson } from '../../json.ts';
import { pathOf } from '../../schemas/paths.ts';
import { Receipt, SignedReceipt } from '../../schemas/privacy.ts';
import { strict } from '../../schemas/values.ts';

export const listErasures: Route = (api, { privacy }) => {
  api.get(
    '/v1/privacy/erasures',
    {
      schema: {
        tags: ['privacy'],
        summary: 'All erasures, and how far they are',
        response: { 200: Type.Object({ items: Type.Array(Receipt) }, strict) },
      },
    },
    async () => ({ items: (await privacy.receipts()).map((receipt) => toJson(receipt)) }) as never,
  );
};

export const showErasure: Route = (api, { privacy }) => {
  api.get(
    '/v1/privacy/erasures/:erasure',
    {
      schema: {
        tags: ['privacy'],
        summary: 'The receipt of an erasure, as it stands now',
        params: pathOf('erasure'),
        response: { 200: SignedReceipt },
      },
    },
    async ({ params }) => toJson(await privacy.receipt(params.erasure)) as never,
  );
};
