/** The part of the OpenAPI document about /v2. */
import { EVENT_TYPES } from '../../events/event.js';
import { BACKUP_STATES, V2_BACKUP_TYPES } from '../schema/values.js';
import { JOB_KINDS, JOB_STATES } from '../schema/job.js';
import type { V2Content, V2Endpoint, V2QueryName, V2SchemaName, V2Success, V2Tag } from './endpoint.js';
import { V2_ENDPOINTS } from './endpoints.js';
import { V2_EXAMPLES } from './openapi-examples.js';

type Json = Readonly<Record<string, unknown>>;

export const V2_TAGS: Readonly<Record<V2Tag, string>> = {
  Backups: 'Backups under ids that last, with their states.',
  Restores: 'Restores of a backup or of a moment, and clones.',
  Jobs: 'What takes time: restores, verifications, copies and clones.',
  State: 'What can be restored.',
  Routines: 'Routines with their runs.',
  Settings: 'The configuration, with tags that keep changes from overwriting each other.',
  Service: 'Who the caller is, events and webhooks.',
};

const LIST = { type: 'array' } as const;
const TIME = { type: 'string', description: 'RFC 3339, or milliseconds since 1970.' };

function describeList(values: readonly string[]): Json {
  return { ...LIST, items: { type: 'string', enum: values } };
}

const QUERIES: Readonly<Record<V2QueryName, Json & { name?: string }>> = {
  prefix: { description: 'Only ids that begin so.', schema: { type: 'string' }, example: 'nightly-' },
  state: { description: 'Only these states.', schema: describeList(BACKUP_STATES), example: ['FAILED'] },
  type: { description: 'Only these types.', schema: describeList(V2_BACKUP_TYPES), example: ['FULL'] },
  from: {
    description: 'Only those that were created from this time on.',
    schema: TIME,
    example: '2026-05-01T00:00:00Z',
  },
  to: { description: 'Only those that were created before this time.', schema: TIME, example: '2026-05-02T00:00:00Z' },
  routine: { description: 'The routine whose run it is.', schema: { type: 'string' }, example: 'nightly' },
  limit: {
    description: 'Most entries of the page.',
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    example: 100,
  },
  after: {
    description: 'Where to go on: `next` of the page before, or the id of the last event that was seen.',
    schema: { type: 'string' },
    example: '1777712400000',
  },
  wait: {
    description: 'Wait until it has ended, at most so many seconds. More than 60 counts as 60.',
    schema: { type: 'integer', minimum: 0, default: 0 },
    example: 30,
  },
  cascade: {
    description: 'Delete all backups that are based on it as well.',
    schema: { type: 'boolean', default: false },
    example: true,
  },
  plan: {
    description: 'Say what would be restored, and change nothing.',
    schema: { type: 'boolean', default: false },
    example: true,
  },
  kind: { description: 'Only these kinds.', schema: describeList(JOB_KINDS), example: ['RESTORE'] },
  'job-state': {
    name: 'state',
    description: 'Only these states.',
    schema: describeList(JOB_STATES),
    example: ['FAILED'],
  },
  storage: { description: 'Only those of this storage.', schema: { type: 'string' }, example: 'bucket' },
  backup: { description: 'Only those of this backup.', schema: { type: 'string' }, example: 'pre-release-7' },
  types: {
    description: `Only these types, with commas between; \`backup.*\` is all of backups. Types: ${EVENT_TYPES.join(', ')}.`,
    schema: { type: 'string' },
    example: 'backup.*,routine.rpo-missed',
  },
};

const PATH_PARAMETERS: Readonly<Record<string, Json>> = {
  storage: { description: 'Name of the storage.', schema: { type: 'string', minLength: 1 }, example: 'bucket' },
  id: {
    description: 'Id of the backup: 1 to 64 characters a-z, 0-9, _ and -.',
    schema: { type: 'string', minLength: 1 },
    example: 'pre-release-7',
  },
  name: { description: 'The name in the configuration.', schema: { type: 'string', minLength: 1 }, example: 'nightly' },
  job: { description: 'Id of the job.', schema: { type: 'string', minLength: 1 }, example: '551230011' },
  letter: { description: 'Id of the dead letter.', schema: { type: 'string', minLength: 1 }, example: 'evt_1_ops' },
};

const HEADERS: Readonly<Record<'Location' | 'ETag', Json>> = {
  Location: { description: 'Where its state can be read.', schema: { type: 'string' } },
  ETag: { description: 'For `If-Match` of the next change.', schema: { type: 'string' } },
};

/** Operations by path and method. */
export function createV2Paths(): Record<string, Record<string, Json>> {
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of V2_ENDPOINTS) {
    (paths[endpoint.path] ??= {})[endpoint.method.toLowerCase()] = describeOperation(endpoint);
  }
  return paths;
}

function describeOperation(endpoint: V2Endpoint): Json {
  const { id, tag, summary, scope, path, query = [], body, success, failures } = endpoint;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
      name,
      in: 'path',
      required: true,
      ...PATH_PARAMETERS[name],
    })),
    ...query.map((key) => ({ name: key, in: 'query', required: false, ...QUERIES[key] })),
    ...listHeaderParameters(endpoint),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: `Needs the scope \`${scope}\`.`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.isOptional !== true,
            content: { 'application/json': { schema: refer(body.schema), example: V2_EXAMPLES[body.schema] } },
          },
        }),
    responses: {
      ...describeSuccess(success),
      ...Object.fromEntries(
        Object.entries(failures).map(([status, description]) => [
          status,
          { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/V2Error' } } } },
        ]),
      ),
    },
  };
}

function listHeaderParameters({ id, method, hasTag }: V2Endpoint): Json[] {
  const header = (name: string, description: string, example: string): Json => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
    example,
  });
  if (id === 'streamEvents') return [header('Last-Event-ID', 'The last event that was seen.', '1777712400000001')];
  if (hasTag !== true || method === 'GET') return [];
  const match = header('If-Match', 'Only if it still has this tag.', '"3q2-7wAAAAAAAAAAAAAAAA"');
  return method === 'PUT' ? [match, header('If-None-Match', '`*`: only if there is none.', '*')] : [match];
}

/** Two answers of one status differ in their schema alone. */
function describeSuccess(success: readonly V2Success[]): Json {
  const statuses = [...new Set(success.map(({ status }) => status))];
  return Object.fromEntries(
    statuses.map((status) => {
      const answers = success.filter((one) => one.status === status);
      const [first] = answers;
      const reasons = answers.flatMap(({ when }) => (when === undefined ? [] : [when]));
      const headers = first?.headers ?? [];
      const schemas = answers.flatMap(({ content }) => (content === undefined ? [] : [content]));
      const description = reasons.length === 0 ? 'Done' : `Done; if ${reasons.join(', ')}`;
      return [
        status,
        {
          description: schemas.length === 0 ? 'Done; no body' : description,
          ...(headers.length === 0
            ? {}
            : { headers: Object.fromEntries(headers.map((name) => [name, HEADERS[name]])) }),
          ...(schemas.length === 0 ? {} : { content: describeContent(schemas) }),
        },
      ];
    }),
  );
}

function describeContent(contents: readonly V2Content[]): Json {
  const [first, ...others] = contents.map(describeOne);
  if (first === undefined) return {};
  if (others.length === 0) return { [first.type]: { schema: first.schema, example: first.example } };
  return {
    [first.type]: { schema: { oneOf: [first, ...others].map(({ schema }) => schema) }, example: first.example },
  };
}

function describeOne(content: V2Content): { type: string; schema: Json; example: unknown } {
  if ('type' in content) {
    const example = 'id: 1\nevent: config.changed\ndata: {"id":1,"type":"config.changed"}\n\n';
    return { type: content.type, schema: { type: 'string' }, example };
  }
  const { json, shape } = content;
  const example = V2_EXAMPLES[json];
  if (shape === undefined) return { type: 'application/json', schema: refer(json), example };
  const schema = { type: 'object', additionalProperties: refer(json) };
  return { type: 'application/json', schema, example: { one: example } };
}

function refer(name: V2SchemaName): Json {
  return { $ref: `#/components/schemas/${name}` };
}
