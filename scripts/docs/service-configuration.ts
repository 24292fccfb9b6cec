/** docs/reference/service-configuration.md, made of the schemas of the document. */
import type { TSchema } from 'typebox';
import { toJsonSchema, type JsonSchema } from '../../src/service/document/json-schema.js';
import { AerospikeCluster } from '../../src/service/document/schema/aerospike-cluster.js';
import { BackupPolicy } from '../../src/service/document/schema/backup-policy.js';
import { BackupRoutine } from '../../src/service/document/schema/backup-routine.js';
import { SECRET_KEYWORD, VALUES_KEYWORD } from '../../src/service/document/schema/keywords.js';
import { SecretAgent } from '../../src/service/document/schema/secret-agent.js';
import { ServiceSettings } from '../../src/service/document/schema/service-settings.js';
import { Storage } from '../../src/service/document/schema/storage.js';

const INTRODUCTION = `# Configuration of the service

<!-- Made of src/service/document/schema by "npm run docs"; the texts are in scripts/docs/service-configuration.ts. -->

The configuration is one document: YAML in a file, JSON in the REST interface. It is that of the Aerospike Backup Service; documents of
its versions 3.3 to 3.7 are read as they are. [aerospike-backup-service.yml](../../conf/aerospike-backup-service.yml) is an example.

\`\`\`yaml
service: {} # how the service listens and logs
aerospike-clusters: {} # by name
storage: {} # by name
backup-policies: {} # by name
backup-routines: {} # by name
secret-agents: {} # by name
\`\`\`

All parts may be missing; with an empty document the service listens and backs up nothing.

- Unknown keys are errors. A document is refused with all of its faults, each with its place and what is expected there.
- A key without a value counts as absent. Names are single parts of a path: no slashes, neither \`.\` nor \`..\`.
- A number where a text is expected, such as a password of digits, is that text. \`yes\`, \`no\`, \`on\` and \`off\` are flags where flags are
  expected.

## Where it is kept

| source                 | read                                    | written by the REST interface                    |
| ---------------------- | --------------------------------------- | ------------------------------------------------ |
| a file                 | at start and by \`POST /v1/config/apply\` | yes: replaced in one step, with mode 0600        |
| an http(s) URL         | the same                                | no: changes fail with 503                        |
| an object of a storage | the same                                | yes; the storage block of a file or URL names it |

A change is checked, written and only then in use; if it cannot be written within 60 seconds, nothing is changed. Comments and the order
of keys are lost when the file is rewritten. The directory of the file must be writable, as the file is replaced, not
overwritten; a single file that is mounted into a container cannot be replaced.

The part \`service\` is read at the start only: a document with another one is refused until the service is restarted. Runs go on with the
document that they started with.

When a cluster or a named agent with TLS is added or changed, its certificates and keys are read, and what cannot be used is
refused. At the start that is a warning, and what does not need them runs.

## Secrets

Keys marked as secret hold a text, or a reference \`secrets:RESOURCE:KEY\`, which is fetched from the secret agent of the entity when
it is needed: for each run, and for storages at least every ten minutes. A reference without an agent is an error.

The REST interface shows \`[secret]\` in place of a text, and references as they are. \`[secret]\` that is sent back keeps the stored
text of the same place; without one it is an error. In endpoints, what stands before \`@\` and after \`?\` is hidden the same way.

The key of an encryption is a private key: \`key-file\` and \`key-secret\` hold it as PEM, \`key-env\` names an environment variable with
PEM or the base64 body of it.
`;

const DIFFERENCES = `## Where keys differ from the Aerospike Backup Service

- \`max-concurrent-nodes\`, \`use-scan-compression\` and \`parallel-write\` are accepted and have no effect.
- \`storage-class.metadata\` is accepted; metadata has the standard class of the bucket or account.
- \`min-part-size\` is rounded up to whole MiB, at least 5 MiB. That of \`local-storage\` has no effect.
- \`multiplier\` of a restore is always 2. \`conn-timeout\` counts for restores; backups wait as long as \`asbackup\` does.
- \`compression.level\` -1 is the fastest level, 1.
- Proxies of the environment (\`https_proxy\`, \`no_proxy\`) count for storages.
- Without \`ca-file\` and \`ca-path\`, the certificates that Node.js trusts count for a cluster with \`tls\`.
`;

const SECTIONS: readonly (readonly [key: string, schema: TSchema])[] = [
  ['service', ServiceSettings],
  ['aerospike-clusters.NAME', AerospikeCluster],
  ['storage.NAME', Storage],
  ['backup-policies.NAME', BackupPolicy],
  ['backup-routines.NAME', BackupRoutine],
  ['secret-agents.NAME', SecretAgent],
];

export function serviceConfigurationPage(): string {
  const sections = SECTIONS.map(([key, schema]) => {
    const json = toJsonSchema(schema);
    const rows = listRows(json, '');
    return `## \`${key}\`\n\n${json.description ?? ''}\n\n${table([['key', 'value', 'default', 'meaning'], ...rows])}`;
  });
  return [INTRODUCTION, ...sections, DIFFERENCES].join('\n');
}

function listRows(schema: JsonSchema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const isRequired = schema.required?.includes(key) === true;
    const items = property.items?.properties === undefined ? undefined : property.items;
    const isAgent = property.title === 'SecretAgent';
    const row = [
      `\`${prefix}${key}\``,
      isAgent ? 'as in `secret-agents`' : describeValue(property),
      property.default === undefined ? (isRequired ? 'required' : '') : `\`${JSON.stringify(property.default)}\``,
      `${property.deprecated === true ? 'Deprecated. ' : ''}${property.description ?? ''}`.replaceAll('|', '\\|'),
    ];
    if (isAgent) return [row];
    return [row, ...listRows(items ?? property, `${prefix}${key}${items === undefined ? '' : '[]'}.`)];
  });
}

function describeValue(schema: JsonSchema): string {
  const values = schema[VALUES_KEYWORD] ?? schema.enum;
  if (values !== undefined) {
    return `${values.map((value) => `\`${value}\``).join(', ')}${schema[VALUES_KEYWORD] === undefined ? '' : ' in any case'}`;
  }
  if (schema[SECRET_KEYWORD] === 'all') return 'secret';
  switch (schema.type) {
    case 'object':
      return 'object';
    case 'array':
      return `list of ${schema.items?.type === 'integer' ? 'numbers' : schema.items?.type === 'object' ? 'objects' : 'texts'}`;
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'whole number' : 'number'}${describeBounds(schema)}`;
    case 'boolean':
      return '`true` or `false`';
    default:
      return 'text';
  }
}

function describeBounds({ minimum, maximum }: JsonSchema): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? `, at least ${minimum}` : `, ${minimum} to ${maximum}`;
}

/** A Markdown table with columns of equal width, as the formatter wants it. The first row is the heading. */
function table([heading = [], ...rows]: readonly string[][]): string {
  const widths = heading.map((_, column) => Math.max(...[heading, ...rows].map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`;
  return [heading, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('');
}
