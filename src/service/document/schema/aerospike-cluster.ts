import { Type, type Static } from 'typebox';
import { flag, milliseconds, secret, STRICT } from './keywords.js';
import { agentProperties } from './secret-agent.js';

export const SeedNode = Type.Object(
  {
    'host-name': Type.String({ description: 'Name or address of the node.', minLength: 1 }),
    port: Type.Integer({ description: 'Port of the node.', minimum: 1, maximum: 65535 }),
    'tls-name': Type.Optional(Type.String({ description: 'The name in the certificate of the node.' })),
  },
  { ...STRICT, title: 'SeedNode', description: 'A node from which the others are found.' },
);
export type SeedNode = Static<typeof SeedNode>;

export const Credentials = Type.Object(
  {
    user: Type.Optional(Type.String({ description: 'User to log in as.' })),
    password: Type.Optional(secret('Password; in place of password-path.')),
    'password-path': Type.Optional(Type.String({ description: 'File with the password; in place of password.' })),
    'auth-mode': Type.Optional(
      Type.Enum(['INTERNAL', 'EXTERNAL', 'PKI'], {
        type: 'string',
        description: 'How to log in. EXTERNAL and PKI need TLS; PKI logs in with the client certificate.',
        default: 'INTERNAL',
      }),
    ),
    ...agentProperties,
  },
  { ...STRICT, title: 'Credentials', description: 'Who logs in to the cluster.' },
);
export type Credentials = Static<typeof Credentials>;

export const ClusterTls = Type.Object(
  {
    'ca-file': Type.Optional(Type.String({ description: 'Certificates (PEM) to trust.' })),
    'ca-path': Type.Optional(Type.String({ description: 'Directory with certificates (PEM) to trust.' })),
    'cert-file': Type.Optional(Type.String({ description: 'Client certificate (PEM); needs key-file.' })),
    'key-file': Type.Optional(Type.String({ description: 'Key (PEM) of the client certificate; needs cert-file.' })),
    'key-file-password': Type.Optional(secret('Password of the key.')),
    name: Type.Optional(Type.String({ description: 'TLS name of seed nodes without one.' })),
    protocols: Type.Optional(
      Type.String({ description: 'TLS versions, for example "-all +TLSv1.2 +TLSv1.3".', default: 'TLSv1.2' }),
    ),
    'cipher-suite': Type.Optional(Type.String({ description: 'Ciphers that are allowed, as an OpenSSL list.' })),
  },
  { ...STRICT, title: 'ClusterTls', description: 'How to speak TLS with the nodes. Present = TLS.' },
);
export type ClusterTls = Static<typeof ClusterTls>;

export const AerospikeCluster = Type.Object(
  {
    'seed-nodes': Type.Array(SeedNode, { description: 'At least one node.', minItems: 1 }),
    label: Type.Optional(Type.String({ description: 'A name for logs.' })),
    'conn-timeout': Type.Optional(milliseconds('For opening a connection.', 30_000)),
    'use-services-alternate': Type.Optional(flag('Use the alternate addresses of the nodes.')),
    credentials: Type.Optional(Credentials),
    tls: Type.Optional(ClusterTls),
    'max-parallel-scans': Type.Optional(
      Type.Integer({
        description: 'Scans of all backups of the cluster at a time; no limit without it.',
        minimum: 1,
      }),
    ),
    'prefer-racks': Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 1_000_000 }), {
        description:
          'Racks to read from, in order of preference. Excludes partition-list, node-list and rack-list of routines.',
        uniqueItems: true,
      }),
    ),
  },
  { ...STRICT, title: 'AerospikeCluster', description: 'A cluster that is backed up or restored into.' },
);
export type AerospikeCluster = Static<typeof AerospikeCluster>;
