import Type from 'typebox';
import { categories } from '../../../common/inventory/field.ts';
import { type SettableCategory, settableDays } from '../../../common/inventory/retention.ts';
import { AuditEntry } from './audit.ts';
import { onlyThis } from './requests.ts';
import { count, name, strict, time } from './values.ts';

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
    encrypted: Type.Boolean({ description: 'At rest, under a key that is not in the database.' }),
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

export const Erasure = Type.Object(
  { account: name('Reference or id.'), ...onlyThis },
  { ...strict, title: 'Erasure' },
);

export const Receipt = Type.Object(
  {
    id: Type.String({
      description: "Of the erasure. It names no customer: keep it beside the customer's request.",
    }),
    erasedAt: time('When.'),
    accounts: count('How many were erased.'),
    subscriptions: count('How many were erased.'),
    devices: count('How many were erased.'),
    databaseClean: Type.Boolean({ description: "The database's files hold nothing of it any more." }),
    nodes: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          incarnation: count('Which identity of the node.'),
          state: Type.Enum(['erased', 'pending', 'retired'], {
            description: 'retired: that identity is over, and nobody will tell what is left there.',
          }),
        },
        strict,
      ),
    ),
    backupsUntilAt: time('By then no backup of before is left.'),
    backups: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          goneByAt: time('By then it has been removed.'),
          erasedAgain: Type.Boolean({
            description:
              'The list of removals beside it holds the erasure: restored, it is erased again. Otherwise it comes back, unless the list is written before.',
          }),
        },
        { ...strict, title: 'ReceiptBackup' },
      ),
      {
        description:
          'Backups that hold it still, as far as they are known: in the directory of the controller, or made there and not there now.',
      },
    ),
    complete: Type.Boolean({
      description: 'No node is pending, the database is clean, and no backup that is known brings it back.',
    }),
    notCovered: Type.Array(Type.String(), {
      description: 'What may still hold something of it, and until when.',
    }),
    issuedAt: time('When this was said.'),
  },
  { ...strict, title: 'Receipt' },
);

export const SignedReceipt = Type.Object(
  {
    receipt: Receipt,
    signature: Type.String({ description: 'Over the receipt: JWS (RFC 7515), compact, EdDSA.' }),
    publicKey: Type.Record(Type.String(), Type.String(), { description: 'JWK (RFC 7517).' }),
  },
  { ...strict, title: 'SignedReceipt' },
);

const Cell = Type.Unsafe<string | number | null>({ type: ['string', 'number', 'null'] });

export const Export = Type.Object(
  {
    format: Type.Literal('turnpike-export-1'),
    exportedAt: time('When.'),
    tables: Type.Record(Type.String(), Type.Array(Type.Record(Type.String(), Cell)), {
      description: 'Rows as they are stored, by table; /v1/privacy/inventory says what each column is for.',
    }),
    audit: Type.Array(AuditEntry, { description: 'What was done to it, by operators and backends.' }),
  },
  { ...strict, title: 'Export' },
);
