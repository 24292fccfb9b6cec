/** Routines, the configuration and the service itself. */
import type { EntityKind } from '../../config-source/entity-kind.js';
import { findEntity } from '../../document/find-entity.js';
import { COLLECTIONS, type EntityCollection } from '../../http/endpoints.js';
import { SCOPES } from '../../access/scope.js';
import { V2Error } from '../errors.js';
import type { RoutineSummary, RunRoutine } from '../schema/routine-summary.js';
import type { Session } from '../schema/session.js';
import { awaitBackup } from './backup-handlers.js';
import type { GuardedConfig, V2Services } from './dependencies.js';
import { checkPreconditions, makeTag, type Preconditions } from './etag.js';
import { readEntityName } from './query.js';
import type { V2Answer, V2Handler, V2Request } from './request.js';

/** So many routines are asked at the same time: each may read its storage. */
const PARALLEL_STATES = 16;

export function serviceHandlers(services: V2Services): Record<string, V2Handler> {
  const { config, deadLetters } = services;
  return {
    ...routineHandlers(services),
    readSettings: () => tagged(config, config.redacted(), config.document),
    replaceSettings: async ({ document, headers }) => {
      await config.replace(document, (stored) => checkPreconditions(readPreconditions(headers), stored, stored));
      return tagged(config, config.redacted(), config.document);
    },
    applySettings: async () => {
      await config.reload();
      return tagged(config, config.redacted(), config.document);
    },
    ...Object.fromEntries(COLLECTIONS.flatMap((collection) => Object.entries(entityHandlers(config, collection)))),
    readSession: ({ identity, isRestricted }) => {
      const session: Session = {
        name: identity.name,
        kind: identity.kind,
        scopes: SCOPES.slice(0, SCOPES.indexOf(identity.scope) + 1),
        restricted: isRestricted,
        version: services.version,
      };
      return { document: session };
    },
    listDeadLetters: () => ({ document: deadLetters.list() }),
    retryDeadLetter: ({ params }) => {
      mustHave(deadLetters.retry(params.letter ?? ''), 'no such dead letter, or its webhook is no longer configured');
      return {};
    },
    deleteDeadLetter: ({ params }) => {
      mustHave(deadLetters.remove(params.letter ?? ''), 'no such dead letter');
      return {};
    },
  };
}

function mustHave(isThere: boolean, message: string): void {
  if (!isThere) throw new V2Error('not-found', message);
}

function routineHandlers(services: V2Services): Record<string, V2Handler> {
  const { config, runner, operations } = services;
  const read = async (request: V2Request): Promise<V2Answer> => ({
    document: await summarize(readRoutine(request, config), services),
  });
  const setDisabled =
    (disabled: boolean): V2Handler =>
    async (request) => {
      await config.setDisabled(readRoutine(request, config), disabled);
      return read(request);
    };
  return {
    listRoutines: async () => {
      const names = Object.keys(config.document['backup-routines'] ?? {}).sort();
      const routines: RoutineSummary[] = [];
      let next = 0;
      const worker = async (): Promise<void> => {
        for (let i = next++; i < names.length; i = next++) routines[i] = await summarize(names[i]!, services);
      };
      await Promise.all(Array.from({ length: PARALLEL_STATES }, worker));
      return { document: { routines } };
    },
    readRoutineSummary: read,
    runRoutine: async (request) => {
      const name = readRoutine(request, config);
      const { storage } = config.document['backup-routines']![name]!;
      const begun = await operations.createBackup(storage, { ...(request.document as RunRoutine), routine: name });
      return { location: begun.href, document: await awaitBackup(operations, begun, request) };
    },
    cancelRoutine: async (request) => {
      runner.cancel(readRoutine(request, config));
      return read(request);
    },
    enableV2Routine: setDisabled(false),
    disableV2Routine: setDisabled(true),
  };
}

function readRoutine({ params }: V2Request, { document }: GuardedConfig): string {
  const name = readEntityName(params.name ?? '', 'routine');
  if (findEntity(document['backup-routines'], name) === undefined) {
    throw new V2Error('not-found', `routine ${JSON.stringify(name)} not found`);
  }
  return name;
}

async function summarize(
  name: string,
  { config, runner, operations, isObjectiveMissed }: V2Services,
): Promise<RoutineSummary> {
  const routine = findEntity(config.document['backup-routines'], name);
  const [state, upkeep] = await Promise.all([
    runner.state(name),
    // A storage that does not answer hides nothing else.
    operations.describeUpkeep(name).catch(() => ({})),
  ]);
  if (routine === undefined) throw new V2Error('not-found', `routine ${JSON.stringify(name)} not found`);
  const { disabled = false, namespaces, storage, rpo } = routine;
  const [policy, incremental] = [routine['backup-policy'], routine['incr-interval-cron']];
  const isMissed = isObjectiveMissed(name);
  return {
    name,
    'source-cluster': routine['source-cluster'],
    storage,
    ...(policy === undefined ? {} : { 'backup-policy': policy }),
    namespaces,
    'interval-cron': routine['interval-cron'],
    ...(incremental === undefined ? {} : { 'incr-interval-cron': incremental }),
    disabled,
    ...state,
    ...(rpo === undefined ? {} : { rpo }),
    ...(isMissed === undefined ? {} : { 'rpo-missed': isMissed }),
    ...upkeep,
    href: `/v2/routines/${encodeURIComponent(name)}`,
  };
}

function entityHandlers(config: GuardedConfig, collection: EntityCollection): Record<string, V2Handler> {
  const { kind, segment, one, many, noun } = collection;
  const readName = ({ params }: V2Request): string => readEntityName(params.name ?? '', noun);
  const answer = (name: string): V2Answer => {
    const stored = findOwn(config.document, kind, name);
    if (stored === undefined) throw new V2Error('not-found', `${noun} ${JSON.stringify(name)} not found`);
    return tagged(config, findOwn(config.redacted(), kind, name), stored);
  };
  return {
    [`list${many}Settings`]: () => tagged(config, config.redacted()[kind] ?? {}, config.document[kind] ?? {}),
    [`read${one}Settings`]: (request) => answer(readName(request)),
    [`put${one}Settings`]: async (request) => {
      const name = readName(request);
      const preconditions = readPreconditions(request.headers);
      const outcome = await config.put(kind, name, request.document, (stored) =>
        checkPreconditions(preconditions, findOwn(stored, kind, name), stored),
      );
      if (outcome === 'replaced') return answer(name);
      return { ...answer(name), status: 201, location: `/v2/config/${segment}/${encodeURIComponent(name)}` };
    },
    [`delete${one}Settings`]: async (request) => {
      const name = readName(request);
      const preconditions = readPreconditions(request.headers);
      await config.remove(kind, name, (stored) => {
        // A missing one is answered with 404.
        const part = findOwn(stored, kind, name);
        if (part !== undefined) checkPreconditions(preconditions, part, stored);
      });
      return {};
    },
  };
}

function findOwn(document: GuardedConfig['document'], kind: EntityKind, name: string): unknown {
  const entities: Readonly<Record<string, unknown>> | undefined = document[kind];
  return findEntity(entities, name);
}

function tagged({ document }: GuardedConfig, shown: unknown, stored: unknown): V2Answer {
  return { document: shown, tag: makeTag(stored, document) };
}

function readPreconditions(headers: V2Request['headers']): Preconditions {
  return { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] };
}
