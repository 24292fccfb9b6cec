/** Endpoints of routines, of the configuration and of the service itself. */
import { COLLECTIONS } from '../../http/endpoints.js';
import { accept, BAD_DOCUMENT, NOT_WRITABLE, REMOTE, TOO_LARGE, type V2BodyName, type V2Endpoint } from './endpoint.js';

const CHANGED = '`precondition-failed`: the document is not the one that `If-Match` names';
const NO_ROUTINE = 'There is no such routine';

function switchRoutine(verb: 'enable' | 'disable', summary: string): V2Endpoint {
  return {
    id: `${verb}V2Routine`,
    method: 'POST',
    path: `/v2/routines/{name}/${verb}`,
    tag: 'Routines',
    summary,
    scope: 'admin',
    success: [{ status: 200, content: { json: 'RoutineSummary' } }],
    failures: { 404: NO_ROUTINE, 503: NOT_WRITABLE },
  };
}

export const ROUTINES: readonly V2Endpoint[] = [
  {
    id: 'listRoutines',
    method: 'GET',
    path: '/v2/routines',
    tag: 'Routines',
    summary: 'Lists routines with their runs, their last and next backups',
    scope: 'read',
    success: [{ status: 200, content: { json: 'RoutineList' } }],
    failures: {},
  },
  {
    id: 'readRoutineSummary',
    method: 'GET',
    path: '/v2/routines/{name}',
    tag: 'Routines',
    summary: 'Reads a routine with its runs, its last and next backups',
    scope: 'read',
    success: [{ status: 200, content: { json: 'RoutineSummary' } }],
    failures: { 404: NO_ROUTINE },
  },
  {
    id: 'runRoutine',
    method: 'POST',
    path: '/v2/routines/{name}/run',
    tag: 'Routines',
    summary: 'Starts a backup of a routine',
    scope: 'backup',
    query: ['wait'],
    body: { schema: 'RunRoutine', isOptional: true },
    success: [accept('Backup')],
    failures: {
      400: `${BAD_DOCUMENT}. \`id-not-allowed\`, \`id-required\`, \`feature-disabled\``,
      404: NO_ROUTINE,
      409: '`busy`: a run of the routine is under way. `id-taken`, `id-not-monotonic` or `conflict`',
      413: TOO_LARGE,
      503: NOT_WRITABLE,
      ...REMOTE,
    },
  },
  {
    id: 'cancelRoutine',
    method: 'POST',
    path: '/v2/routines/{name}/cancel',
    tag: 'Routines',
    summary: 'Cancels what runs of a routine',
    scope: 'backup',
    success: [{ status: 200, content: { json: 'RoutineSummary' } }],
    failures: { 404: NO_ROUTINE },
  },
  switchRoutine('enable', 'Puts a routine on its schedule again'),
  switchRoutine('disable', 'Takes a routine off its schedule and cancels what runs of it'),
];

const TAGGED = { status: 200, headers: ['ETag'] } as const;

export const SETTINGS: readonly V2Endpoint[] = [
  {
    id: 'readSettings',
    method: 'GET',
    path: '/v2/config',
    tag: 'Settings',
    summary: 'Reads the whole configuration; secrets are replaced by `[secret]`',
    scope: 'read',
    hasTag: true,
    success: [{ ...TAGGED, content: { json: 'Config' } }],
    failures: {},
  },
  {
    id: 'replaceSettings',
    method: 'PUT',
    path: '/v2/config',
    tag: 'Settings',
    summary: 'Replaces the configuration; its sections `service` and `access` must stay as they are',
    scope: 'admin',
    hasTag: true,
    body: { schema: 'Config' },
    success: [{ ...TAGGED, content: { json: 'Config' } }],
    failures: {
      400: `${BAD_DOCUMENT}, or one of the two sections differs`,
      412: CHANGED,
      413: TOO_LARGE,
      503: NOT_WRITABLE,
    },
  },
  {
    id: 'applySettings',
    method: 'POST',
    path: '/v2/config/apply',
    tag: 'Settings',
    summary: 'Reads the configuration again from where it is stored, and applies it',
    scope: 'admin',
    success: [{ ...TAGGED, content: { json: 'Config' } }],
    failures: { 400: 'The stored configuration is not valid, or its section `service` differs' },
  },
  ...COLLECTIONS.flatMap(({ segment, schema, one, many, noun }): V2Endpoint[] => {
    const path = `/v2/config/${segment}`;
    const json = schema as V2BodyName;
    const base = { tag: 'Settings', hasTag: true } as const;
    // Nothing refers to a routine.
    const inUse: Record<number, string> =
      schema === 'BackupRoutine' ? {} : { 409: `\`conflict\`: a routine uses the ${noun}` };
    return [
      {
        ...base,
        id: `list${many}Settings`,
        method: 'GET',
        path,
        summary: `Reads the settings of every ${noun}, by name`,
        scope: 'read',
        success: [{ ...TAGGED, content: { json, shape: 'map' } }],
        failures: {},
      },
      {
        ...base,
        id: `read${one}Settings`,
        method: 'GET',
        path: `${path}/{name}`,
        summary: `Reads the settings of a ${noun}`,
        scope: 'read',
        success: [{ ...TAGGED, content: { json } }],
        failures: { 404: `The ${noun} is not configured` },
      },
      {
        ...base,
        id: `put${one}Settings`,
        method: 'PUT',
        path: `${path}/{name}`,
        summary: `Adds a ${noun} or replaces its settings; with \`If-None-Match: *\` it only adds`,
        scope: 'admin',
        body: { schema: json },
        success: [
          { ...TAGGED, content: { json } },
          { status: 201, content: { json }, headers: ['ETag', 'Location'], when: 'it was added' },
        ],
        failures: { 400: BAD_DOCUMENT, 412: `${CHANGED}, or it exists`, 413: TOO_LARGE, 503: NOT_WRITABLE },
      },
      {
        ...base,
        id: `delete${one}Settings`,
        method: 'DELETE',
        path: `${path}/{name}`,
        summary: `Removes a ${noun}`,
        scope: 'admin',
        success: [{ status: 204 }],
        failures: {
          404: `The ${noun} is not configured`,
          ...inUse,
          412: CHANGED,
          503: NOT_WRITABLE,
        },
      },
    ];
  }),
];

export const SERVICE: readonly V2Endpoint[] = [
  {
    id: 'readSession',
    method: 'GET',
    path: '/v2/session',
    tag: 'Service',
    summary: 'Says who the caller is and what the caller may do',
    scope: 'read',
    success: [{ status: 200, content: { json: 'Session' } }],
    failures: {},
  },
  {
    id: 'streamEvents',
    method: 'GET',
    path: '/v2/events',
    tag: 'Service',
    summary: 'Streams events as they happen, with those that were missed since `Last-Event-ID`',
    scope: 'read',
    query: ['types', 'after'],
    success: [{ status: 200, content: { type: 'text/event-stream' } }],
    failures: { 400: 'A type or id is malformed' },
  },
  {
    id: 'listDeadLetters',
    method: 'GET',
    path: '/v2/webhooks/dead-letters',
    tag: 'Service',
    summary: 'Lists events that webhooks did not take',
    scope: 'read',
    success: [{ status: 200, content: { json: 'DeadLetterList' } }],
    failures: {},
  },
  {
    id: 'retryDeadLetter',
    method: 'POST',
    path: '/v2/webhooks/dead-letters/{letter}/retry',
    tag: 'Service',
    summary: 'Sends an event again that a webhook did not take',
    scope: 'admin',
    success: [{ status: 204 }],
    failures: { 404: 'There is no such dead letter, or its webhook is no longer configured' },
  },
  {
    id: 'deleteDeadLetter',
    method: 'DELETE',
    path: '/v2/webhooks/dead-letters/{letter}',
    tag: 'Service',
    summary: 'Forgets an event that a webhook did not take',
    scope: 'admin',
    success: [{ status: 204 }],
    failures: { 404: 'There is no such dead letter' },
  },
];
