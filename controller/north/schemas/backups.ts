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

export const Backups = Type.Object({ items: Type.Array(Backup) }, { ...strict, title: 'Backups' });
