import { Type, type Static } from 'typebox';
import { AccessSettings } from './access-settings.js';
import { AerospikeCluster } from './aerospike-cluster.js';
import { BackupPolicy } from './backup-policy.js';
import { BackupRoutine } from './backup-routine.js';
import { STRICT } from './keywords.js';
import { SecretAgent } from './secret-agent.js';
import { ServiceSettings } from './service-settings.js';
import { Storage } from './storage.js';
import { Webhook } from './webhook.js';

/** The whole configuration. An empty one is valid: nothing is scheduled then. */
export const ServiceDocument = Type.Object(
  {
    service: Type.Optional(ServiceSettings),
    access: Type.Optional(AccessSettings),
    'aerospike-clusters': Type.Optional(
      Type.Record(Type.String(), AerospikeCluster, { description: 'Clusters by name.' }),
    ),
    storage: Type.Optional(Type.Record(Type.String(), Storage, { description: 'Storages by name.' })),
    'backup-policies': Type.Optional(Type.Record(Type.String(), BackupPolicy, { description: 'Policies by name.' })),
    'backup-routines': Type.Optional(Type.Record(Type.String(), BackupRoutine, { description: 'Routines by name.' })),
    webhooks: Type.Optional(Type.Record(Type.String(), Webhook, { description: 'Who is told of events, by name.' })),
    'secret-agents': Type.Optional(Type.Record(Type.String(), SecretAgent, { description: 'Agents by name.' })),
  },
  { ...STRICT, title: 'Config', description: 'The configuration of the service.' },
);
export type ServiceDocument = Static<typeof ServiceDocument>;
