import { type CategoryName, categories } from './field.ts';

/** Categories whose time an operator can set, in days. */
export const settableDays = {
  'daily-usage': categories['daily-usage'].days,
  'last-connection': categories['last-connection'].days,
  audit: categories.audit.days,
} as const satisfies Partial<Record<CategoryName, number>>;

export type SettableCategory = keyof typeof settableDays;

/** For how many days, by category. */
export type Retention = Readonly<Record<SettableCategory, number>>;
