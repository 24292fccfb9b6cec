import { Type, type Static } from 'typebox';
import { STRICT } from './keywords.js';
import { Storage } from './storage.js';

function count(description: string) {
  return Type.Integer({ description, minimum: 0, format: 'int64' });
}

export const BackupDetails = Type.Object(
  {
    created: Type.String({ description: 'When the run started.', format: 'date-time' }),
    timestamp: count('The same. Milliseconds since 1970.'),
    finished: Type.String({ description: 'When this namespace was finished.', format: 'date-time' }),
    'finished-timestamp': count('The same. Milliseconds since 1970.'),
    duration: Type.Integer({ description: 'From created to finished. Seconds.', minimum: 0 }),
    from: Type.Optional(
      Type.String({ description: 'Incremental backups hold what changed after this time.', format: 'date-time' }),
    ),
    namespace: Type.String({ description: 'The namespace.' }),
    'record-count': count('Records.'),
    'byte-count': count('Bytes in the storage.'),
    'file-count': count('Backup files.'),
    'secondary-index-count': count('Secondary indexes.'),
    'udf-count': count('UDF modules.'),
    key: Type.String({ description: 'The folder, relative to the root of the storage: a backup-data-path.' }),
    storage: Storage,
    compression: Type.Enum(['NONE', 'ZSTD'], { type: 'string', description: 'How the files are compressed.' }),
    encryption: Type.Enum(['NONE', 'AES128', 'AES256'], {
      type: 'string',
      description: 'How the files are encrypted.',
    }),
  },
  { ...STRICT, title: 'BackupDetails', description: 'A backup of one namespace.' },
);
export type BackupDetails = Static<typeof BackupDetails>;
