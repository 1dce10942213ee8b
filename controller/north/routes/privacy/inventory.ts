import Type from 'typebox';
import type { Route } from '../../api.ts';
import { InventoryEntry } from '../../schemas/privacy.ts';
import { strict } from '../../schemas/values.ts';

export const showInventory: Route = (api, { privacy }) => {
  api.get(
    '/v1/privacy/inventory',
    {
      schema: {
        tags: ['privacy'],
        summary: 'Every field that controller and nodes store, with purpose, category and retention',
        response: { 200: Type.Object({ items: Type.Array(InventoryEntry) }, strict) },
      },
    },
    async () => ({ items: [...privacy.inventory()] }),
  );
};
