import { Type, type Static } from 'typebox';
import { flag, milliseconds, secret, STRICT, VALUES_KEYWORD } from './keywords.js';

export const EncryptionPolicy = Type.Object(
  {
    mode: Type.Enum(['NONE', 'AES128', 'AES256'], {
      type: 'string',
      description: 'How files are encrypted; other than NONE needs exactly one of key-file, key-env and key-secret.',
    }),
    'key-file': Type.Optional(Type.String({ description: 'File with an RSA private key (PEM).' })),
    'key-env': Type.Optional(
      Type.String({ description: 'Environment variable with an RSA private key: PEM, or its base64 body.' }),
    ),
    'key-secret': Type.Optional(secret('RSA private key (PEM), from the agent of the routine or request.')),
  },
  { ...STRICT, title: 'EncryptionPolicy', description: 'The encryption of backup files.' },
);
export type EncryptionPolicy = Static<typeof EncryptionPolicy>;

export const CompressionPolicy = Type.Object(
  {
    mode: Type.Enum(['NONE', 'ZSTD'], { type: 'string', description: 'How files are compressed.' }),
    level: Type.Optional(
      Type.Integer({ description: 'Level of ZSTD; 0 for its default.', default: 0, minimum: -1, maximum: 22 }),
    ),
  },
  { ...STRICT, title: 'CompressionPolicy', description: 'The compression of backup files.' },
);
export type CompressionPolicy = Static<typeof CompressionPolicy>;

export const RetentionPolicy = Type.Object(
  {
    full: Type.Optional(Type.Integer({ description: 'Full backups that are kept; all without it.', minimum: 1 })),
    incremental: Type.Optional(
      Type.Integer({
        description: 'Full backups whose incremental backups are kept, at most those of full; 0 keeps none.',
        minimum: 0,
      }),
    ),
    'max-age': Type.Optional(
      Type.String({
        description:
          'How far back there is something to restore: 30d, 12h. Runs that no later state needs are deleted. ABS does ' +
          'not know this key.',
      }),
    ),
    'max-size': Type.Optional(
      Type.Integer({
        description:
          'MiB that the runs of a routine may have: the oldest full backups go with their increments, but never the ' +
          'newest. ABS does not know this key.',
        minimum: 1,
      }),
    ),
  },
  { ...STRICT, title: 'RetentionPolicy', description: 'What is kept after each full backup.' },
);
export type RetentionPolicy = Static<typeof RetentionPolicy>;

/** The waits before an attempt is repeated. `baseMs` is the default of the first. */
export function retryPolicy(title: string, baseMs: number, multiplier: number) {
  return Type.Object(
    {
      'base-timeout': Type.Optional(
        Type.Integer({ description: 'First wait. Milliseconds.', default: baseMs, minimum: 1 }),
      ),
      multiplier: Type.Optional(
        Type.Number({
          description: 'What the wait is multiplied by after each failure.',
          default: multiplier,
          minimum: 1,
        }),
      ),
      'max-retries': Type.Optional(Type.Integer({ description: 'Attempts after the first.', default: 5, minimum: 0 })),
    },
    { ...STRICT, title, description: 'When an attempt that failed is repeated.' },
  );
}

export const RetryPolicy = retryPolicy('RetryPolicy', 60_000, 1.5);
export type RetryPolicy = Static<typeof RetryPolicy>;

export const BackupPolicy = Type.Object(
  {
    parallel: Type.Optional(
      Type.Integer({ description: 'Scans of a run at a time, of all its namespaces.', default: 8, minimum: 1 }),
    ),
    'parallel-write': Type.Optional(
      Type.Integer({ description: 'Accepted without effect: each scan writes a file of its own.', minimum: 1 }),
    ),
    'socket-timeout': Type.Optional(milliseconds('Time without a byte after which a scan is retried.', 600_000)),
    'total-timeout': Type.Optional(milliseconds('Limit for a scan with its retries; 0 for none.', 0)),
    'retry-policy': Type.Optional(RetryPolicy),
    retention: Type.Optional(RetentionPolicy),
    'no-records': Type.Optional(flag('No records.')),
    'no-indexes': Type.Optional(flag('No secondary indexes.')),
    'no-udfs': Type.Optional(flag('No UDF modules.')),
    bandwidth: Type.Optional(
      Type.Integer({ description: 'Most MiB written in a second; no limit without it.', minimum: 1 }),
    ),
    'records-per-second': Type.Optional(
      Type.Integer({ description: 'Most records read in a second; no limit without it.', minimum: 1 }),
    ),
    'file-limit': Type.Optional(
      Type.Integer({
        description: 'MiB after which a file is followed by another; 0 for no limit.',
        default: 250,
        minimum: 0,
      }),
    ),
    encryption: Type.Optional(EncryptionPolicy),
    compression: Type.Optional(CompressionPolicy),
    sealed: Type.Optional(flag('Only records that were last changed before the start of the run.')),
    'concurrent-incremental': Type.Optional(flag('Incremental backups also while a full one runs.')),
    'with-cluster-configuration': Type.Optional(flag('Full backups hold the configuration of each node.')),
    compact: Type.Optional(flag('Blobs are written as they are, not in base64.')),
    'max-concurrent-nodes': Type.Optional(
      Type.Integer({ description: 'Nodes that are read at a time; 0 or absent = all.', minimum: 0 }),
    ),
    'use-scan-compression': Type.Optional(flag('Accepted without effect: nodes send records as they are.')),
    'incr-mode': Type.Optional(
      Type.String({
        description:
          'An incremental backup holds the changes since the last backup (differential) or since the last full one ' +
          '(cumulative).',
        default: 'differential',
        [VALUES_KEYWORD]: ['differential', 'cumulative'],
      }),
    ),
  },
  { ...STRICT, title: 'BackupPolicy', description: 'How backups are made and what is kept of them.' },
);
export type BackupPolicy = Static<typeof BackupPolicy>;
