import Type, { type Static, type TSchema } from 'typebox';
import { maxBytes } from '../../../common/bytes.ts';
import { TurnpikeError } from '../../../common/errors.ts';

export const strict = { additionalProperties: false } as const;

/** The value, or null where there is none. */
export function nullable<Schema extends TSchema & { type: string }>(schema: Schema, description?: string) {
  return Type.Unsafe<Static<Schema> | null>({
    ...schema,
    type: [schema.type, 'null'],
    ...(description === undefined ? {} : { description }),
  });
}

/** An amount that is never negative. Read it with {@link readBytes}. */
export const bytes = (description: string) =>
  Type.String({
    pattern: '^[0-9]{1,19}$',
    description: `${description} Bytes, as a string of digits.`,
    examples: ['50000000000'],
    'x-says': 'must be bytes as a string of digits, such as "50000000000"',
  });

export const signedBytes = (description: string) =>
  Type.String({ pattern: '^-?[0-9]{1,19}$', description: `${description} Bytes, as a string of digits.` });

export const time = (description: string) => Type.String({ format: 'date-time', description });

/** What people give a name to: accounts, tariffs, nodes, groups. */
export const name = (description: string, longest = 200) =>
  Type.String({
    minLength: 1,
    maxLength: longest,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description,
    'x-says': `must be 1 to ${longest} characters without control characters`,
  });

/** A device's label, or its platform. */
export const shortName = (description: string) => name(description, 64);

export const text = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: 1000,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description,
    'x-says': 'must be 1 to 1000 characters without control characters',
  });

export const count = (description: string) => Type.Integer({ minimum: 0, description });

export const publicKey = Type.String({
  pattern: '^[A-Za-z0-9+/]{43}=$',
  description: 'WireGuard public key: 32 bytes in base64.',
  'x-says': 'must be a WireGuard key: 32 bytes in base64',
});

/** @throws TurnpikeError `invalid` past 2^63 - 1, of which no pattern can tell. */
export function readBytes(key: string, digits: string): bigint {
  const value = BigInt(digits);
  if (value > maxBytes) {
    throw new TurnpikeError('invalid', `${key}: more than 2^63 - 1 bytes`, { field: key });
  }
  return value;
}

/** Where there is a budget, as bytes. @throws TurnpikeError `invalid` */
export function readBudget<Given extends { budgetBytes?: string | null }>(
  given: Given,
): Omit<Given, 'budgetBytes'> & { budgetBytes?: bigint | null } {
  const { budgetBytes, ...others } = given;
  if (budgetBytes === undefined) return others;
  return { ...others, budgetBytes: budgetBytes === null ? null : readBytes('budgetBytes', budgetBytes) };
}
