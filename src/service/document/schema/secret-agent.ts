import { Type, type Static } from 'typebox';
import { milliseconds, name, STRICT } from './keywords.js';

export const SecretAgent = Type.Object(
  {
    address: Type.String({ description: 'Host of the agent, or the path of its Unix socket.', minLength: 1 }),
    'connection-type': Type.Enum(['tcp', 'unix'], { type: 'string', description: 'How the agent is reached.' }),
    port: Type.Optional(
      Type.Integer({ description: 'Port of the agent, for tcp.', default: 3005, minimum: 1, maximum: 65535 }),
    ),
    timeout: Type.Optional(milliseconds('For connecting, and for each answer.', 1000)),
    'is-base64': Type.Optional(
      Type.Boolean({ description: 'The agent returns secrets in base64, which is decoded.', default: false }),
    ),
    'ca-file': Type.Optional(Type.String({ description: 'Certificates (PEM) to trust. Present = TLS.' })),
    'tls-ca-file': Type.Optional(Type.String({ description: 'Former name of ca-file.', deprecated: true })),
    'cert-file': Type.Optional(Type.String({ description: 'Client certificate (PEM); needs key-file.' })),
    'key-file': Type.Optional(Type.String({ description: 'Key (PEM) of the client certificate; needs cert-file.' })),
    name: Type.Optional(Type.String({ description: 'The name in the certificate of the agent, if not its host.' })),
  },
  { ...STRICT, title: 'SecretAgent', description: 'An Aerospike Secret Agent, which secrets are fetched from.' },
);
export type SecretAgent = Static<typeof SecretAgent>;

/** The properties of entities with secrets: an agent, inline or by name, not both. */
export const agentProperties = {
  'secret-agent': Type.Optional(SecretAgent),
  'secret-agent-name': Type.Optional(name('An agent of secret-agents; in place of secret-agent.')),
};
