import Type from 'typebox';
import { nullable, strict, time } from './values.ts';

export const AuditEntry = Type.Object(
  {
    id: Type.String({ description: 'Digits; later entries have larger ones, without gaps.' }),
    at: time('When.'),
    actor: Type.String({
      description:
        'Id of an API key; "socket"; "controller" for what it does by itself; "unknown" where no known key was given.',
    }),
    actorName: nullable(Type.String(), 'Name of the API key then; or null.'),
    uid: nullable(Type.Integer(), 'The Unix user behind the socket; or null.'),
    method: Type.String({ description: 'Empty for what the controller does by itself.' }),
    route: Type.String({ description: 'With parameters by name, such as /v1/accounts/:account.' }),
    status: Type.Integer({ description: 'What was answered.' }),
    problem: nullable(Type.String(), "The last part of the problem's type; null: it was done."),
    times: Type.Integer({ description: 'How often it was refused within a minute; otherwise 1.' }),
    subject: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]), {
      description:
        'Ids of what it was done to, by kind; of a list, how many lines were created, changed and refused (with dryRun 1: would be). Empty where there is no such thing.',
    }),
    erased: Type.Boolean({
      description: 'It was done to a customer who has been erased; to whom, nobody can tell.',
    }),
  },
  { ...strict, title: 'AuditEntry' },
);

const Head = Type.Object(
  { id: Type.Integer({ minimum: 0 }), hash: Type.String({ description: 'SHA-256, hex.' }) },
  strict,
);

export const AuditVerdict = Type.Object(
  {
    whole: Type.Boolean({ description: 'Every entry is as it was written, and none is missing.' }),
    trouble: nullable(Type.String(), 'What is wrong; null: nothing.'),
    entries: Type.Integer({ description: 'How many were looked at.' }),
    head: Type.Unsafe<{ id: number; hash: string }>({
      ...Head,
      description: 'The last entry: note it elsewhere.',
    }),
    start: Type.Unsafe<{ id: number; hash: string }>({
      ...Head,
      description: 'The last entry that is no longer kept; id 0: all are.',
    }),
  },
  { ...strict, title: 'AuditVerdict' },
);
