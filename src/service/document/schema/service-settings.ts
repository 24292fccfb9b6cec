import { Type, type Static } from 'typebox';
import { flag, milliseconds, secret, STRICT } from './keywords.js';
import { agentProperties } from './secret-agent.js';

export const RateSettings = Type.Object(
  {
    tps: Type.Optional(
      Type.Integer({ description: 'Requests in a second from each address.', default: 1024, minimum: 1 }),
    ),
    size: Type.Optional(Type.Integer({ description: 'Requests of an address at once.', default: 1024, minimum: 1 })),
    'white-list': Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'Addresses and networks (CIDR) without a limit; 0.0.0.0/0 and ::/0 are all.',
      }),
    ),
  },
  { ...STRICT, title: 'RateSettings', description: 'How many requests are answered.' },
);
export type RateSettings = Static<typeof RateSettings>;

function listenerProperties(defaultPort: number) {
  return {
    disabled: Type.Optional(flag('Do not listen.')),
    address: Type.Optional(Type.String({ description: 'Address to listen at.', default: '0.0.0.0', minLength: 1 })),
    port: Type.Optional(
      Type.Integer({ description: 'Port to listen at.', default: defaultPort, minimum: 1, maximum: 65535 }),
    ),
    'context-path': Type.Optional(
      Type.String({ description: 'What all paths begin with.', default: '/', pattern: '^/' }),
    ),
    timeout: Type.Optional(milliseconds('For the header of a request.', 5000)),
    'read-timeout': Type.Optional(milliseconds('For a whole request.', 30_000)),
    'write-timeout': Type.Optional(milliseconds('For an answer.', 60_000)),
    'idle-timeout': Type.Optional(milliseconds('For a connection without a request.', 120_000)),
    rate: Type.Optional(RateSettings),
  };
}

export const HttpSettings = Type.Object(listenerProperties(8080), {
  ...STRICT,
  title: 'HttpSettings',
  description: 'The plain HTTP server. Without http it listens, unless there is https.',
});
export type HttpSettings = Static<typeof HttpSettings>;

export const HttpsSettings = Type.Object(
  {
    ...listenerProperties(8443),
    'cert-file': Type.Optional(Type.String({ description: 'Certificate (PEM) of the server with its chain.' })),
    'key-file': Type.Optional(Type.String({ description: 'Private key (PEM) of the certificate.' })),
    'key-file-password': Type.Optional(secret('Password of the key.')),
    'min-version': Type.Optional(
      Type.Enum(['1.2', '1.3'], { type: 'string', description: 'Lowest TLS version.', default: '1.2' }),
    ),
    'cipher-suites': Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'Only these secure cipher suites.' }),
    ),
    'client-auth': Type.Optional(
      Type.Enum(['none', 'request', 'require-and-verify'], {
        type: 'string',
        description: 'Whether clients show a certificate; other than none needs client-ca-file.',
        default: 'none',
      }),
    ),
    'client-ca-file': Type.Optional(Type.String({ description: 'Certificates (PEM) that client ones are issued by.' })),
    ...agentProperties,
  },
  { ...STRICT, title: 'HttpsSettings', description: 'The HTTPS server.' },
);
export type HttpsSettings = Static<typeof HttpsSettings>;

export const FileWriterSettings = Type.Object(
  {
    filename: Type.String({ description: 'Path of the log file.', minLength: 1 }),
    maxsize: Type.Optional(
      Type.Integer({ description: 'MB after which the file is rotated.', default: 100, minimum: 0 }),
    ),
    maxage: Type.Optional(
      Type.Integer({ description: 'Days that rotated files are kept; 0 for no limit.', default: 7, minimum: 0 }),
    ),
    maxbackups: Type.Optional(
      Type.Integer({ description: 'Rotated files that are kept; 0 for no limit.', default: 3, minimum: 0 }),
    ),
    compress: Type.Optional(flag('Compress rotated files.')),
  },
  { ...STRICT, title: 'FileWriterSettings', description: 'A log file.' },
);
export type FileWriterSettings = Static<typeof FileWriterSettings>;

export const LoggerSettings = Type.Object(
  {
    level: Type.Optional(
      Type.Enum(['TRACE', 'DEBUG', 'INFO', 'WARN', 'WARNING', 'ERROR'], {
        type: 'string',
        description: 'Least severe lines that are logged.',
        default: 'INFO',
      }),
    ),
    format: Type.Optional(
      Type.Enum(['PLAIN', 'JSON'], { type: 'string', description: 'Form of the lines.', default: 'PLAIN' }),
    ),
    'stdout-writer': Type.Optional(Type.Boolean({ description: 'Log to standard output.', default: true })),
    'file-writer': Type.Optional(FileWriterSettings),
  },
  { ...STRICT, title: 'LoggerSettings', description: 'The log of the service.' },
);
export type LoggerSettings = Static<typeof LoggerSettings>;

export const BackupSettings = Type.Object(
  {
    'timestamp-format': Type.Optional(
      Type.Enum(['ISO', 'EU', 'US'], {
        type: 'string',
        description: 'Folders of runs have a readable time (UTC) behind their number.',
      }),
    ),
    'schedule-timezone': Type.Optional(
      Type.String({
        description: 'Zone of schedules: UTC, Local or a name such as Europe/Berlin.',
        default: 'UTC',
      }),
    ),
    'partition-range-size': Type.Optional(
      Type.Integer({
        description: 'Partitions that are one detail of a backup of /v2. ABS does not know this key.',
        default: 256,
        minimum: 1,
        maximum: 4096,
      }),
    ),
    'parallel-restores': Type.Optional(
      Type.Integer({
        description:
          'Restores that run at once; others wait, in the order of their requests. ABS does not know this key.',
        default: 4,
        minimum: 1,
      }),
    ),
    'deleted-days': Type.Optional(
      Type.Integer({
        description: 'Days that /v2 shows a deleted backup; its id stays used up. ABS does not know this key.',
        default: 30,
        minimum: 0,
      }),
    ),
  },
  { ...STRICT, title: 'ServiceBackupSettings', description: 'What holds for all routines.' },
);
export type BackupSettings = Static<typeof BackupSettings>;

export const ReplicaSettings = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        description:
          'Name of this replica, which no other has; the same after a restart. Without it, the name of the machine.',
        minLength: 1,
      }),
    ),
    'lease-seconds': Type.Optional(
      Type.Integer({
        description:
          'A run goes on elsewhere when its replica has shown no sign of life for so long. The same for all replicas.',
        default: 30,
        minimum: 2,
        maximum: 3600,
      }),
    ),
    storage: Type.Optional(
      Type.String({
        description: 'Storage in which restore jobs are kept, so that every replica knows those of all.',
        minLength: 1,
      }),
    ),
    'poll-seconds': Type.Optional(
      Type.Integer({
        description: 'How often the source of the configuration is looked at for changes of other replicas.',
        default: 10,
        minimum: 1,
        maximum: 3600,
      }),
    ),
  },
  {
    ...STRICT,
    title: 'ReplicaSettings',
    description: 'Several processes of the service share the configuration and the storages; without it there is one.',
  },
);
export type ReplicaSettings = Static<typeof ReplicaSettings>;

export const ServiceSettings = Type.Object(
  {
    http: Type.Optional(HttpSettings),
    https: Type.Optional(HttpsSettings),
    logger: Type.Optional(LoggerSettings),
    backup: Type.Optional(BackupSettings),
    replicas: Type.Optional(ReplicaSettings),
  },
  { ...STRICT, title: 'ServiceSettings', description: 'The static part: a change needs a restart of the service.' },
);
export type ServiceSettings = Static<typeof ServiceSettings>;
