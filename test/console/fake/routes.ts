/** The endpoints of /v2, over the data of a fake service. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Backup, BackupPage } from '../../../src/service/v2/schema/backup.js';
import type { CreateBackup } from '../../../src/service/v2/schema/create-backup.js';
import { Job, JobPage } from '../../../src/service/v2/schema/job.js';
import type { CopyBackup, VerifyBackup } from '../../../src/service/v2/schema/requests.js';
import {
  RestorePlan,
  type PlannedRestoreNamespace,
  type RestoreAtTime,
  type RestoreBackup,
} from '../../../src/service/v2/schema/restore-backup.js';
import { DeadLetterList } from '../../../src/service/v2/schema/dead-letter.js';
import { RoutineList, type RoutineSummary } from '../../../src/service/v2/schema/routine-summary.js';
import { Session } from '../../../src/service/v2/schema/session.js';
import { StorageRanges, StorageSummary } from '../../../src/service/v2/schema/runtime-state.js';
import { DAY_MS, HOUR_MS, isoTime, makeBackup, makeRanges, withDetails, type FakeRoutine } from './data.js';
import type { FakeService } from './fake-service.js';

export class FakeError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: object,
  ) {
    super(message);
  }
}

const params = (request: FastifyRequest): Record<string, string> => request.params as Record<string, string>;
const query = (request: FastifyRequest): Record<string, string | undefined> =>
  request.query as Record<string, string | undefined>;

export function addRoutes(app: FastifyInstance, service: FakeService): void {
  addServiceRoutes(app, service);
  addRoutineRoutes(app, service);
  addBackupRoutes(app, service);
  addJobRoutes(app, service);
}

function addServiceRoutes(app: FastifyInstance, service: FakeService): void {
  const { data, options } = service;
  app.get('/session', () => {
    const isOpen = service.token === undefined;
    return service.check(Session, {
      name: isOpen ? 'anonymous' : 'operator',
      kind: isOpen ? 'anonymous' : 'token',
      scopes: [...(options.scopes ?? ['read', 'backup', 'restore', 'admin'])],
      restricted: !isOpen,
      version: '5.1.0',
    });
  });
  app.get('/storages', () => ({ storages: data.storages.map((storage) => service.check(StorageSummary, storage)) }));
  app.get('/ranges/:storage', (request) =>
    service.check(StorageRanges, makeRanges(params(request).storage!, data.backups)),
  );
  app.get('/config', () => data.config);
  app.get('/webhooks/dead-letters', () => service.check(DeadLetterList, { 'dead-letters': data.letters, dropped: 0 }));
  const remove = (request: FastifyRequest): void => {
    const index = data.letters.findIndex(({ id }) => id === params(request).letter);
    if (index < 0) throw new FakeError(404, 'not-found', 'no such dead letter');
    data.letters.splice(index, 1);
  };
  app.post('/webhooks/dead-letters/:letter/retry', (request, reply) => {
    remove(request);
    return reply.code(204).send();
  });
  app.delete('/webhooks/dead-letters/:letter', (request, reply) => {
    remove(request);
    return reply.code(204).send();
  });
}

function addRoutineRoutes(app: FastifyInstance, service: FakeService): void {
  const { data } = service;
  const find = (request: FastifyRequest): FakeRoutine => {
    const routine = data.routines.find(({ name }) => name === params(request).name);
    if (routine === undefined) throw new FakeError(404, 'not-found', 'no such routine');
    return routine;
  };
  const summarize = (routine: FakeRoutine): RoutineSummary => {
    const { name, cluster, storage, namespaces, disabled, rpo, isMissed, running } = routine;
    const runs = data.backups.filter((backup) => backup.routine === name && backup.state === 'COMPLETED');
    const newest = (type: string): string | undefined => runs.filter((run) => run.type === type).at(-1)?.created;
    const current = data.backups.find(({ id, routine: owner }) => id === running && owner === name);
    const nowMs = Date.now();
    const next = Math.ceil(nowMs / HOUR_MS) * HOUR_MS;
    return {
      name,
      'source-cluster': cluster,
      storage,
      namespaces,
      'interval-cron': '@daily',
      disabled,
      ...(current && {
        [current.type === 'FULL' ? 'full' : 'incremental']: {
          'total-records': 1_200_000,
          'done-records': current.records ?? 0,
          'start-time': current.created,
          'percentage-done': current.progress ?? 0,
          duration: Math.round((nowMs - Date.parse(current.created)) / 1000),
        },
      }),
      ...(newest('FULL') && { 'last-full': newest('FULL') }),
      ...(newest('DIFFERENTIAL') && { 'last-incremental': newest('DIFFERENTIAL') }),
      ...(!disabled && { 'next-full': isoTime(Math.ceil(nowMs / DAY_MS) * DAY_MS) }),
      ...(!disabled && name === 'orders-3h' && { 'next-incremental': isoTime(next) }),
      ...(rpo && { rpo, 'rpo-missed': isMissed === true }),
      href: `/v2/routines/${name}`,
    };
  };
  app.get('/routines', () => service.check(RoutineList, { routines: data.routines.map(summarize) }));
  app.post('/routines/:name/run', (request, reply) => {
    const routine = find(request);
    if (routine.running !== undefined) {
      throw new FakeError(409, 'busy', `a run of ${routine.name} is under way`, { id: routine.running });
    }
    const { type = 'FULL' } = request.body as { type?: 'FULL' | 'DIFFERENTIAL' };
    const backup = startBackup(service, { storage: routine.storage, routine: routine.name, type }, routine.namespaces);
    routine.running = backup.id;
    return reply.code(202).send(backup);
  });
  app.post('/routines/:name/cancel', (request) => {
    const routine = find(request);
    const run = data.backups.find(({ id, routine: owner }) => id === routine.running && owner === routine.name);
    if (run !== undefined) service.endBackup(run, 'CANCELED', 'Somebody has ended the run');
    return summarize(routine);
  });
  for (const verb of ['enable', 'disable'] as const) {
    app.post(`/routines/:name/${verb}`, (request) => {
      const routine = find(request);
      routine.disabled = verb === 'disable';
      service.emit({ type: 'config.changed' });
      return summarize(routine);
    });
  }
}

function startBackup(
  service: FakeService,
  { storage, routine, id, type = 'FULL' }: CreateBackup & { storage: string },
  namespaces: string[],
): Backup {
  const createdMs = Date.now();
  const backup = makeBackup({
    storage,
    namespaces: namespaces.length === 0 ? ['events'] : namespaces,
    createdMs,
    id: id ?? String(createdMs),
    type,
    trigger: 'MANUAL',
    state: 'STARTED',
    progress: 0,
    records: 0,
    bytes: 0,
    files: 0,
    ...(routine === undefined ? {} : { routine, run: String(createdMs) }),
  });
  delete backup.finished;
  service.data.backups.push(backup);
  service.emit({ type: 'backup.started', storage, backup: backup.id, ...(routine && { routine }) });
  return service.check(Backup, backup);
}

function addBackupRoutes(app: FastifyInstance, service: FakeService): void {
  const { data } = service;
  const find = (request: FastifyRequest): Backup => {
    const { storage, id } = params(request);
    const { routine } = query(request);
    const found = data.backups.filter(
      (backup) =>
        backup.storage === storage &&
        (backup.id === id || backup.run === id) &&
        (routine === undefined || backup.routine === routine),
    );
    if (found.length === 0) throw new FakeError(404, 'not-found', `there is no backup ${id!} in ${storage!}`);
    return found[0]!;
  };
  app.get('/backups/:storage', (request) => {
    const { storage } = params(request);
    const { state, limit = '100', after = '0' } = query(request);
    const states = state?.split(',');
    const matching = data.backups
      .filter(
        (backup) =>
          backup.storage === storage &&
          (states === undefined ? backup.state !== 'DELETED' : states.includes(backup.state)),
      )
      .sort((left, right) => right.created.localeCompare(left.created));
    const end = Number(after) + Number(limit);
    const page = {
      backups: matching.slice(Number(after), end),
      total: matching.length,
      ...(end < matching.length ? { next: String(end) } : {}),
    };
    // All of a long list would take longer than the test.
    service.check(BackupPage, { ...page, backups: page.backups.slice(0, 20) });
    return page;
  });
  app.post('/backups/:storage', (request, reply) => {
    const { storage } = params(request);
    const body = request.body as CreateBackup;
    if (body.id !== undefined && !/^[a-z0-9_-]{1,64}$/.test(body.id)) {
      throw new FakeError(400, 'invalid-id', `id: expected 1 to 64 characters a-z, 0-9, _ and -, got "${body.id}"`);
    }
    if (data.backups.some(({ id }) => id === body.id)) {
      throw new FakeError(409, 'id-taken', `${storage!} has or had a backup ${body.id!}`);
    }
    return reply.code(202).send(startBackup(service, { ...body, storage: storage! }, body.include ?? ['orders']));
  });
  app.get('/backups/:storage/:id', (request) => service.check(Backup, withDetails(find(request))));
  app.delete('/backups/:storage/:id', (request, reply) => {
    const backup = find(request);
    const dependents = data.backups.filter(({ parent, state }) => parent === backup.id && state !== 'DELETED');
    if (backup.held) throw new FakeError(409, 'held', `backup ${backup.id} is held`);
    if (dependents.length > 0 && query(request).cascade !== 'true') {
      const ids = dependents.map(({ id }) => id);
      throw new FakeError(409, 'has-dependents', `${ids.length} backups build on ${backup.id}`, { dependents: ids });
    }
    const now = isoTime(Date.now());
    for (const one of [backup, ...dependents])
      Object.assign(one, { state: 'DELETED', deleted: now, bytes: 0, files: 0 });
    service.emit({ type: 'backup.deleted', storage: backup.storage, backup: backup.id });
    return reply.code(204).send();
  });
  app.post('/backups/:storage/:id/cancel', (request) => {
    const backup = find(request);
    service.endBackup(backup, 'CANCELED', 'Somebody has ended the run');
    return service.check(Backup, backup);
  });
  app.post('/backups/:storage/:id/hold', (request) => {
    const backup = find(request);
    const { reason } = (request.body ?? {}) as { reason?: string };
    Object.assign(backup, { held: true, ...(reason && { 'hold-reason': reason }) });
    service.emit({ type: 'backup.held', storage: backup.storage, backup: backup.id });
    return service.check(Backup, backup);
  });
  app.post('/backups/:storage/:id/release', (request) => {
    const backup = find(request);
    backup.held = false;
    delete backup['hold-reason'];
    service.emit({ type: 'backup.released', storage: backup.storage, backup: backup.id });
    return service.check(Backup, backup);
  });
  app.post('/backups/:storage/:id/verify', (request, reply) => {
    const { storage, id } = find(request);
    const body = request.body as VerifyBackup;
    return reply
      .code(202)
      .send(startJob(service, { kind: 'VERIFY', storage, backup: id, phase: JSON.stringify(body) }));
  });
  app.post('/backups/:storage/:id/copy', (request, reply) => {
    const { storage, id } = find(request);
    const { to } = request.body as CopyBackup;
    return reply.code(202).send(startJob(service, { kind: 'COPY', storage, backup: id, to }));
  });
  app.post('/backups/:storage/:id/restore', (request, reply) => {
    const backup = find(request);
    const body = request.body as RestoreBackup;
    const plan = makePlan(service, body, backup.storage, [backup]);
    if (query(request).plan === 'true') return { ...plan, backup: backup.id };
    refuse(plan);
    return reply.code(202).send(startJob(service, { kind: 'RESTORE', storage: backup.storage, backup: backup.id }));
  });
  app.post('/restore/:storage', (request, reply) => {
    const storage = params(request).storage!;
    const body = request.body as RestoreAtTime;
    const usable = data.backups
      .filter((one) => one.storage === storage && one.routine === body.routine && one.created <= body.time)
      .filter(({ state }) => state === 'COMPLETED')
      .sort((left, right) => right.created.localeCompare(left.created));
    const base = usable.findIndex(({ type }) => type === 'FULL');
    if (base < 0) throw new FakeError(409, 'no-restore-point', `no backup was complete at ${body.time}`);
    const plan = makePlan(service, body, storage, usable.slice(0, base + 1));
    if (query(request).plan === 'true') return { ...plan, time: body.time };
    refuse(plan);
    return reply.code(202).send(startJob(service, { kind: 'RESTORE', storage, time: body.time }));
  });
}

function refuse({ refusals: [first] }: RestorePlan): void {
  if (first !== undefined) throw new FakeError(409, first.code, first.message);
}

/** Writes where there is data are refused, unless the request says what becomes of it or where else to write. */
function makePlan(service: FakeService, body: RestoreBackup, storage: string, backups: Backup[]): RestorePlan {
  const onExisting = body['on-existing'] ?? 'refuse';
  const namespaces = [...new Set(backups.flatMap((backup) => backup.namespaces))];
  const chosen = namespaces.filter((name) => body.include === undefined || body.include.includes(name));
  if (chosen.length === 0) {
    throw new FakeError(404, 'not-in-backup', `the backup has no namespace ${body.include!.join(', ')}`);
  }
  const planned = chosen.map((namespace): PlannedRestoreNamespace => {
    const target = body.rename?.[namespace] ?? namespace;
    const own = backups.filter((backup) => backup.namespaces.includes(namespace));
    return {
      namespace,
      target,
      'as-of': own[0]!.created,
      backups: own.map(({ id, type, created, records, bytes }) => ({
        id,
        type: type === 'FULL' ? 'full' : 'incremental',
        created,
        records: records ?? 0,
        bytes,
      })),
      records: own.reduce((sum, { records = 0 }) => sum + records, 0),
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      'existing-records': target === namespace ? 1_189_230 : 0,
    };
  });
  const occupied = planned.filter((one) => (one['existing-records'] ?? 0) > 0);
  const message = `there are records in ${occupied.map(({ target }) => target).join(', ')}`;
  return service.check(RestorePlan, {
    storage,
    cluster: body.cluster ?? 'production',
    'on-existing': onExisting,
    namespaces: planned,
    later: [],
    records: planned.reduce((sum, { records = 0 }) => sum + records, 0),
    bytes: planned.reduce((sum, { bytes }) => sum + bytes, 0),
    refusals: onExisting === 'refuse' && occupied.length > 0 ? [{ code: 'target-not-empty', message }] : [],
    'captures-deletes': false,
  });
}

function startJob(service: FakeService, seed: Partial<Job> & Pick<Job, 'kind'>): Job {
  const id = `job-${service.data.jobs.length + 1}`;
  const now = isoTime(Date.now());
  const job: Job = { id, state: 'STARTED', created: now, updated: now, href: `/v2/jobs/${id}`, ...seed };
  service.data.jobs.unshift(job);
  service.emit({ type: `${seed.kind.toLowerCase()}.started`, job: id });
  return service.check(Job, job);
}

function addJobRoutes(app: FastifyInstance, service: FakeService): void {
  const { data } = service;
  const find = (request: FastifyRequest): Job => {
    const job = data.jobs.find(({ id }) => id === params(request).job);
    if (job === undefined) throw new FakeError(404, 'not-found', 'no such job');
    return job;
  };
  app.get('/jobs', (request) => {
    const { storage, backup } = query(request);
    const jobs = data.jobs.filter(
      (job) => (storage === undefined || job.storage === storage) && (backup === undefined || job.backup === backup),
    );
    return service.check(JobPage, { jobs });
  });
  app.get('/jobs/:job', (request) => service.check(Job, find(request)));
  app.post('/jobs/:job/cancel', (request) => {
    const job = find(request);
    service.endJob(job, 'CANCELED');
    return service.check(Job, job);
  });
}
