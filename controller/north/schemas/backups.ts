import Type from 'typebox';
import { strict, time } from './values.ts';

export const BackupPath = Type.Object({
  name: Type.String({ maxLength: 60, description: 'As listed.' }),
});

export const Backup = Type.Object(
  {
    name: Type.String({ description: "Of the file in the controller's directory of backups." }),
    createdAt: time('When it was made.'),
    bytes: Type.String({ pattern: '^[0-9]+$', description: 'Of the file.' }),
    envelope: Type.String({ description: 'Id of the envelope key with which it can be restored.' }),
    goneByAt: time('By then it has been removed.'),
  },
  { ...strict, title: 'Backup' },
);

const AwayBackup = Type.Object(
  {
    name: Type.String(),
    createdAt: time('When it was made.'),
    goneByAt: time('From then on nothing is kept because of it.'),
  },
  { ...strict, title: 'AwayBackup' },
);

export const Backups = Type.Object(
  {
    items: Type.Array(Backup),
    away: Type.Array(AwayBackup, {
      description: 'Those that were made and are not in the directory: is its disk mounted?',
    }),
  },
  { ...strict, title: 'Backups' },
);

export const ForgottenBackup = Type.Object({ name: Type.String() }, { ...strict, title: 'ForgottenBackup' });
