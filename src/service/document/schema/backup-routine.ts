import { Type, type Static } from 'typebox';
import { flag, name, names, STRICT } from './keywords.js';
import { VerifySchedules } from './verify-schedules.js';

export const BackupRoutine = Type.Object(
  {
    'source-cluster': name('A cluster of aerospike-clusters.'),
    storage: name('A storage of storage.'),
    'backup-policy': Type.Optional(name('A policy of backup-policies; without it, all defaults.')),
    'secret-agent': Type.Optional(name('An agent of secret-agents, for the encryption key.')),
    'interval-cron': Type.String({
      description: 'When full backups start: second minute hour day-of-month month day-of-week [year], or @daily.',
      minLength: 1,
    }),
    'incr-interval-cron': Type.Optional(
      Type.String({ description: 'When incremental backups start; none without it.' }),
    ),
    namespaces: names('Namespaces; an empty list = all that the cluster has when a run starts.'),
    'set-list': Type.Optional(names('Only these sets.')),
    'bin-list': Type.Optional(names('Only these bins.')),
    'partition-list': Type.Optional(
      Type.String({ description: 'Only these partitions: N (0-4095) or START-COUNT, separated by commas.' }),
    ),
    'node-list': Type.Optional(
      names('Only the primary partitions of these nodes: IP:port, host:port or the id of a node.'),
    ),
    'rack-list': Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 1_000_000 }), {
        description: 'Only the primary partitions of nodes of these racks.',
        uniqueItems: true,
      }),
    ),
    'prefer-racks': Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 1_000_000 }), {
        description: 'Former place of prefer-racks of the cluster.',
        uniqueItems: true,
        deprecated: true,
      }),
    ),
    'filter-exp': Type.Optional(
      Type.String({ description: 'Only records that match this filter expression, in base64. Not with several sets.' }),
    ),
    'schedule-timezone': Type.Optional(
      Type.String({ description: 'Zone of the schedules: UTC, Local or a name such as Europe/Berlin.' }),
    ),
    disabled: Type.Optional(flag('Nothing is scheduled.')),
    rpo: Type.Optional(
      Type.String({
        description:
          'How old the last backup may become before routine.rpo-missed is published: 90m, 2h, 1d12h. ABS does not know this key.',
      }),
    ),
    verify: Type.Optional(VerifySchedules),
    'copy-to': Type.Optional(
      names('Storages that each backup is copied to when it is complete. ABS does not know this key.'),
    ),
    'catch-up': Type.Optional(
      flag(
        'A backup that was due while the service was down is made when it starts, once. ABS does not know this key.',
      ),
    ),
    'id-policy': Type.Optional(
      Type.Enum(['any', 'caller', 'generated'], {
        type: 'string',
        description:
          'Whether who asks /v2 for a run gives it an id: may (any), must (caller) or must not (generated). ABS does ' +
          'not know this key.',
        default: 'any',
      }),
    ),
  },
  { ...STRICT, title: 'BackupRoutine', description: 'What is backed up, from where to where, how and when.' },
);
export type BackupRoutine = Static<typeof BackupRoutine>;
