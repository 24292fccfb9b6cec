import type { TSchema } from 'typebox';
import { toJsonSchema, type JsonSchema } from '../document/json-schema.js';
import { AerospikeCluster } from '../document/schema/aerospike-cluster.js';
import { BackupDetails } from '../document/schema/backup-details.js';
import { BackupPolicy } from '../document/schema/backup-policy.js';
import { BackupRoutine } from '../document/schema/backup-routine.js';
import { RestoreJobStatus, RoutineState } from '../document/schema/job-status.js';
import { RestoreRequest, RestoreTimestampRequest } from '../document/schema/restore-request.js';
import { ServiceDocument } from '../document/schema/service-document.js';
import { Storage } from '../document/schema/storage.js';
import { VersionInfo } from '../document/schema/version-info.js';
import { createV2Paths, V2_TAGS } from '../v2/http/openapi-paths.js';
import { V2_SCHEMAS } from '../v2/http/schemas.js';
import { V2ErrorBody } from '../v2/schema/error-body.js';
import { ENDPOINTS, type Content, type Endpoint, type QueryName, type SchemaName } from './endpoints.js';
import { EXAMPLES } from './openapi-examples.js';

type Json = Readonly<Record<string, unknown>>;

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly tags: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json };
  readonly security: readonly Json[];
}

export const SCHEMAS: Readonly<Record<SchemaName, TSchema>> = {
  Config: ServiceDocument,
  AerospikeCluster,
  Storage,
  BackupPolicy,
  BackupRoutine,
  BackupDetails,
  RoutineState,
  RestoreRequest,
  RestoreTimestampRequest,
  RestoreJobStatus,
  VersionInfo,
};

const TIME_MS = { type: 'integer', format: 'int64', minimum: 0 };
const QUERIES: Readonly<Record<QueryName, Json>> = {
  from: {
    description: 'Only from this time on. Milliseconds since 1970.',
    schema: TIME_MS,
    example: 1_777_683_600_000,
  },
  to: {
    description: 'Only up to this time, itself included. Milliseconds since 1970.',
    schema: TIME_MS,
    example: 1_777_770_000_000,
  },
  delay: { description: 'How long to wait before. Milliseconds.', schema: { ...TIME_MS, default: 0 }, example: 5000 },
  status: {
    description:
      'Only these statuses, with commas between: running, success, failure, canceled. `!` in front of one excludes it.',
    schema: { type: 'string' },
    example: '!success',
  },
  deep: {
    description: 'Ask every storage and cluster.',
    schema: { type: 'boolean', default: false },
    example: true,
  },
};

const PATH_PARAMETERS: Readonly<Record<string, Json>> = {
  name: { description: 'The name in the configuration.', schema: { type: 'string', minLength: 1 }, example: 'nightly' },
  jobId: { description: 'The id of the restore.', schema: { type: 'integer', format: 'int64' }, example: 551_230_011 },
  timestamp: {
    description: 'The last full backup until this time is used. Milliseconds since 1970.',
    schema: TIME_MS,
    example: 1_777_683_600_000,
  },
};

const TAGS: Readonly<Record<Endpoint['tag'], string>> = {
  System: 'Health, metrics and this document.',
  Configuration: 'Clusters, storages, policies and routines.',
  Backup: 'Backups that exist, and runs of routines.',
  Restore: 'Restores and their jobs.',
};

/** The OpenAPI document of the service, made of the endpoints and the schemas of the configuration. */
export function createOpenApi({
  version,
  contextPath = '/',
}: {
  version: string;
  contextPath?: string;
}): OpenApiDocument {
  const components = new Components();
  for (const schema of [...Object.values(SCHEMAS), ...Object.values(V2_SCHEMAS), V2ErrorBody]) {
    components.refer(toJsonSchema(schema));
  }
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of ENDPOINTS) {
    (paths[endpoint.path] ??= {})[endpoint.method.toLowerCase()] = describeOperation(endpoint);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Aerospike backup service',
      version,
      description:
        'Backs up and restores Aerospike clusters. /v1 is the interface of the Aerospike Backup Service, whose errors ' +
        'are texts of one line. Errors of /v2 are documents with a code.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: contextPath.replace(/\/+$/, '') || '/' }],
    tags: Object.entries({ ...TAGS, ...V2_TAGS }).map(([name, description]) => ({ name, description })),
    paths: { ...paths, ...createV2Paths() },
    components: {
      schemas: components.schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of the section access.' },
      },
    },
    security: [{}, { token: [] }],
  };
}

function describeOperation({ id, tag, summary, deprecated, path, query, body, success, failures }: Endpoint): Json {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...PATH_PARAMETERS[name],
  }));
  const inQuery = (query ?? []).map((name) => ({ name, in: 'query', required: false, ...QUERIES[name] }));
  const parameters = [...inPath, ...inQuery];
  const content = success.content === undefined ? {} : { content: describeContent(success.content) };
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: reference(body), example: EXAMPLES[body] } },
          },
        }),
    responses: {
      [success.status]: { description: success.content === undefined ? 'Done; no body' : 'Done', ...content },
      ...Object.fromEntries(
        Object.entries(failures).map(([status, description]) => [status, { description, content: ERROR_CONTENT }]),
      ),
    },
  };
}

const ERROR_CONTENT = {
  'text/plain': { schema: { type: 'string' }, example: 'routine "nightly" not found\n' },
};

function describeContent(content: Content): Json {
  if ('type' in content) {
    const schema =
      content.type === 'application/zip' ? { type: 'string', format: 'binary' } : ({ type: 'string' } as const);
    return { [content.type]: { schema } };
  }
  if (content.json === 'job id') {
    const schema = { type: 'integer', format: 'int64', minimum: 0 };
    return { 'application/json': { schema, example: 551_230_011 } };
  }
  const one = reference(content.json);
  const example = EXAMPLES[content.json];
  const name = content.json === 'RestoreJobStatus' ? '551230011' : 'one';
  const list = { type: 'array', items: one };
  switch (content.shape) {
    case 'one':
      return { 'application/json': { schema: one, example } };
    case 'list':
      return { 'application/json': { schema: list, example: [example] } };
    case 'map':
      return { 'application/json': { schema: mapTo(one), example: { [name]: example } } };
    case 'map of lists':
      return { 'application/json': { schema: mapTo(list), example: { nightly: [example] } } };
  }
}

function mapTo(values: Json): Json {
  return { type: 'object', additionalProperties: values };
}

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** Schemas with a title, each once, under that name. */
class Components {
  readonly schemas: Record<string, Json> = {};

  /** The schema as it is written where it is used. */
  refer(schema: JsonSchema): Json {
    if (schema.title === undefined) return this.describe(schema);
    if (!Object.hasOwn(this.schemas, schema.title)) {
      const { title } = schema;
      this.schemas[title] = {};
      this.schemas[title] = this.describe(schema);
    }
    return reference(schema.title);
  }

  private describe({ properties, patternProperties, items, ...rest }: JsonSchema): Json {
    const values = Object.values(patternProperties ?? {})[0];
    return {
      ...rest,
      ...(properties === undefined ? {} : { properties: this.referAll(properties) }),
      ...(values === undefined ? {} : { additionalProperties: this.refer(values) }),
      ...(items === undefined ? {} : { items: this.refer(items) }),
    };
  }

  private referAll(properties: Readonly<Record<string, JsonSchema>>): Json {
    return Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, this.refer(schema)]));
  }
}
