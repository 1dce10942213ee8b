import Type from 'typebox';
import { categories } from '../../../common/inventory/field.ts';
import { type SettableCategory, settableDays } from '../../../common/inventory/retention.ts';
import { count, strict } from './values.ts';

export const InventoryEntry = Type.Object(
  {
    side: Type.Enum(['controller', 'node'], { description: 'Where it is stored.' }),
    table: Type.String({ description: 'A table; "file" for a file of its own.' }),
    field: Type.String({ description: 'A column, or the name of the file.' }),
    category: Type.Enum(Object.keys(categories) as (keyof typeof categories)[]),
    purpose: Type.String(),
    time: Type.Unsafe<'day' | 'exact' | null>({
      type: ['string', 'null'],
      enum: ['day', 'exact', null],
      description: 'How fine the time is that it holds; null where it holds none.',
    }),
    kept: Type.String({ description: 'For how long.' }),
  },
  { ...strict, title: 'InventoryEntry' },
);

export const Overdue = Type.Object(
  {
    category: Type.Enum(Object.keys(settableDays) as SettableCategory[]),
    days: count('For how long it is kept.'),
    overdue: count('How many fields or entries are older than that.'),
  },
  { ...strict, title: 'Overdue' },
);
