import { ServiceError } from '../errors.js';
import { parseBody } from './body.js';
import type { EntityKind } from '../config-source/entity-kind.js';
import type { BackupType } from '../metrics/metrics.js';
import type { HttpDependencies } from './dependencies.js';
import { COLLECTIONS, type EntityCollection } from './endpoints.js';
import { toLine } from './errors.js';
import {
  parseBounds,
  parseDeep,
  parseDelay,
  parseJobFilter,
  parseJobId,
  parseTimestamp,
  readName,
  type Query,
} from './parameters.js';
import type { Readiness } from './readiness.js';

export interface ApiRequest {
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Buffer | undefined;
}

export interface ApiAnswer {
  /** Absent = that of the endpoint. */
  readonly status?: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers a request; undefined = success without a body. */
export type Handler = (request: ApiRequest) => ApiAnswer | undefined | Promise<ApiAnswer | undefined>;

export const TEXT = 'text/plain; charset=utf-8';
/** In front of what is wrong with a change of the configuration. */
export const CHANGE_CONTEXT = 'failed to update configuration: ';

/** What to do for each endpoint, by the id of the operation. */
export function createHandlers(services: HttpDependencies, readiness: Readiness): Readonly<Record<string, Handler>> {
  return {
    ...systemHandlers(services, readiness),
    ...configHandlers(services),
    ...Object.fromEntries(COLLECTIONS.flatMap((collection) => Object.entries(entityHandlers(services, collection)))),
    ...backupHandlers(services),
    ...restoreHandlers(services),
  };
}

function systemHandlers({ config, metrics, version }: HttpDependencies, readiness: Readiness): Record<string, Handler> {
  return {
    root: () => undefined,
    health: () => ok(),
    ready: async ({ query }) => {
      const problems = parseDeep(query) ? await readiness.check() : [];
      if (problems.length === 0) return ok();
      return { status: 503, type: TEXT, body: `${toLine(`not ready: ${problems.join('; ')}`)}\n` };
    },
    version: () => json(version),
    metrics: async () => {
      const { 'backup-routines': routines = {} } = config.document;
      metrics.prune((routine) => Object.hasOwn(routines, routine));
      return { type: metrics.contentType, body: await metrics.text() };
    },
  };
}

function configHandlers({ config }: HttpDependencies): Record<string, Handler> {
  return {
    readConfig: () => json(config.redacted()),
    updateConfig: async ({ body }) => {
      await config.replace(parseBody(body));
      return undefined;
    },
    applyConfig: async () => {
      await config.reload();
      return undefined;
    },
    disableRoutine: async ({ params }) => {
      await config.setDisabled(readRoutine(params), true);
      return undefined;
    },
    enableRoutine: async ({ params }) => {
      await config.setDisabled(readRoutine(params), false);
      return undefined;
    },
  };
}

function entityHandlers(
  { config }: HttpDependencies,
  { kind, one, many, noun }: EntityCollection,
): Record<string, Handler> {
  const mustExist = (name: string): string => {
    if (!exists(config.document[kind], name)) {
      throw new ServiceError('SERVICE_NOT_FOUND', `${noun} ${JSON.stringify(name)} not found`);
    }
    return name;
  };
  const entityName = (params: ApiRequest['params']): string => readName(params.name ?? '', `${noun} name`);
  return {
    [`read${many}`]: () => json(readEntities(config, kind)),
    [`read${one}`]: ({ params }) => {
      const name = mustExist(entityName(params));
      return json(readEntities(config, kind)[name]);
    },
    [`add${one}`]: async ({ params, body }) => {
      await config.add(kind, entityName(params), parseBody(body));
      return undefined;
    },
    [`update${one}`]: async ({ params, body }) => {
      await config.update(kind, entityName(params), parseBody(body));
      return undefined;
    },
    [`delete${one}`]: async ({ params }) => {
      await config.remove(kind, entityName(params));
      return undefined;
    },
  };
}

function readEntities(config: HttpDependencies['config'], kind: EntityKind): Readonly<Record<string, unknown>> {
  return config.redacted()[kind] ?? {};
}

function exists(entities: Readonly<Record<string, unknown>> | undefined, name: string): boolean {
  return entities !== undefined && Object.hasOwn(entities, name);
}

function backupHandlers({ runner, listing }: HttpDependencies): Record<string, Handler> {
  const list =
    (type: BackupType): Handler =>
    async ({ params, query }) => {
      const name = readRoutine(params);
      return json(await listing.list(name, type, parseBounds(query)));
    };
  const trigger =
    (type: BackupType): Handler =>
    ({ params, query }) => {
      const name = readRoutine(params);
      runner.trigger(name, type, parseDelay(query));
      return undefined;
    };
  return {
    readAllFullBackups: async ({ query }) => json(await listing.listAll('full', parseBounds(query))),
    readAllIncrementalBackups: async ({ query }) => json(await listing.listAll('incremental', parseBounds(query))),
    readFullBackups: list('full'),
    readIncrementalBackups: list('incremental'),
    startFullBackup: trigger('full'),
    startIncrementalBackup: trigger('incremental'),
    scheduleFullBackup: trigger('full'),
    readCurrentBackup: async ({ params }) => json(await runner.state(readRoutine(params))),
    cancelBackup: ({ params }) => {
      runner.cancel(readRoutine(params));
      return undefined;
    },
  };
}

function restoreHandlers({ jobs, listing }: HttpDependencies): Record<string, Handler> {
  const byPath: Handler = async ({ body }) => json(await jobs.startByPath(parseBody(body)));
  return {
    restoreFull: byPath,
    restoreIncremental: byPath,
    restoreTimestamp: async ({ body }) => json(await jobs.startByTime(parseBody(body))),
    readRestoreStatus: async ({ params }) => json(await jobs.status(parseJobId(params.jobId ?? ''))),
    readRestoreJobs: async ({ query }) => json(await jobs.list(parseJobFilter(query))),
    cancelRestore: async ({ params }) => {
      await jobs.cancel(parseJobId(params.jobId ?? ''));
      return undefined;
    },
    retrieveConfiguration: async ({ params }) => {
      const name = readRoutine(params);
      return {
        type: 'application/zip',
        body: await listing.readConfiguration(name, parseTimestamp(params.timestamp ?? '')),
        headers: { 'content-disposition': 'attachment; filename="archive.zip"' },
      };
    },
  };
}

function readRoutine({ name = '' }: ApiRequest['params']): string {
  return readName(name, 'routine name');
}

function ok(): ApiAnswer {
  return { type: TEXT, body: 'Ok' };
}

function json(value: unknown): ApiAnswer {
  return { type: 'application/json', body: JSON.stringify(value) };
}
