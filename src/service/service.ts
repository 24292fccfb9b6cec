/** The service: its parts put together, started and ended. */
import { once } from 'node:events';
import { errorEvent, logEvent, type Log } from '../core/log.js';
import { Redactor } from '../config/secrets/redactor.js';
import { AccessControl } from './access/access-control.js';
import { warnOfOpenAccess } from './access/request-guard.js';
import { BackupListing } from './backups/backup-listing.js';
import { ConfigStore } from './config-source/config-store.js';
import { readEnvironmentSettings, type EnvironmentSettings } from './config-source/environment-settings.js';
import { openSource } from './config-source/open-source.js';
import { collectSecrets } from './document/secrets.js';
import { ServiceDocument } from './document/schema/service-document.js';
import { EventBus } from './events/event-bus.js';
import { startNotifications } from './events/notifications.js';
import { startHttp, type HttpServer } from './http/server.js';
import { openLog } from './log/open-log.js';
import { ServiceMetrics } from './metrics/metrics.js';
import { openRestoreJobs } from './replicas/open-restore-jobs.js';
import { createRestoreTurns } from './restore/restore-turns.js';
import { RoutineRunner } from './routines/routine-runner.js';
import type { Clock } from './schedule/clock.js';
import { closeStorages } from './settings/open-storage.js';
import { onSecretFetched } from './settings/secret-resolver.js';
import { openOperations } from './v2/open-operations.js';
import { readVersion } from './version.js';

const DEFAULT_POLL_SECONDS = 10;

export interface ServiceOptions {
  /** A file, or an http(s) URL. */
  config: string;
  /** What `config` names describes a storage, whose path is that of the configuration. */
  isRemote: boolean;
  /** Where restore jobs are kept; undefined = in memory. */
  dataDirectory: string | undefined;
  /** Takes lines of the log, if the configuration wants them there. */
  stdout: (text: string) => void;
  /** For what happens before the configuration is known. */
  log: Log;
  /** Variables that stand for keys of the configuration, and those that define storages of /v2. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Ends the service. */
  signal: AbortSignal;
  /** For measurements: the one by which routines run. */
  clock?: Clock;
}

export type CheckOptions = Pick<ServiceOptions, 'config' | 'isRemote' | 'log' | 'environment'>;

/**
 * Runs until the signal aborts; then ends the runs, or leaves checkpoints of them, within 10 seconds. Throws
 * ServiceError for a configuration that cannot be read or is wrong, with all that is wrong, and for an address in use.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { stdout, log: fallback } = options;
  const redactor = new Redactor();
  const variables = readEnvironmentSettings(options.environment ?? {});
  const source = await openSource(options.config, options.isRemote);
  const config = await ConfigStore.open({ source, log: fallback, variables });
  hideSecrets(config.document, redactor);
  config.onChange(({ after }) => hideSecrets(after, redactor));
  const stopListening = onSecretFetched((reference, secret) => redactor.add(reference, secret, { type: 'pem' }));
  const opened = openLog(config.document.service?.logger, {
    stdout,
    fallback,
    redact: (text) => redactor.clean(text),
  });
  try {
    const { log } = opened;
    const events = new EventBus({
      redact: (text) => redactor.clean(text),
      onListenerError: (error) => log.error(errorEvent(error)),
    });
    await serve({ ...options, variables }, config, log, events);
    opened.log.info(logEvent('service.stopped', 'The service has ended'));
  } finally {
    stopListening();
    await closeStorages();
    await opened.close();
  }
}

async function serve(
  { dataDirectory, environment, variables, signal, clock }: ServiceOptions & { variables: EnvironmentSettings },
  config: ConfigStore,
  log: Log,
  events: EventBus,
): Promise<void> {
  const version = readVersion();
  log.info(
    logEvent('service.started', `Backup service ${version.version}`, {
      version: version.version,
      config: JSON.stringify(config.redacted()),
    }),
  );
  variables.report(log);
  const metrics = new ServiceMetrics();
  const runner = new RoutineRunner({ config, metrics, events, log, environment: clock === undefined ? {} : { clock } });
  const turns = createRestoreTurns(config.document.service?.backup?.['parallel-restores']);
  const parts = { config, runner, metrics, events, turns, log };
  const operations = await openOperations({ ...parts, dataDirectory, environment });
  runner.attach(operations);
  const listing = new BackupListing({ config, log });
  const restores = await openRestoreJobs({
    config,
    runner,
    metrics,
    turns,
    log,
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
  const { replicas } = config.document.service ?? {};
  const pollMs = (replicas?.['poll-seconds'] ?? DEFAULT_POLL_SECONDS) * 1000;
  const stopFollowing = replicas === undefined ? (): void => undefined : config.follow(pollMs);
  const notifications = await startNotifications({
    ...{ config, runner, events, metrics, log, dataDirectory },
    claimMiss: (routine, lastBackup) => operations.claimMiss(routine, lastBackup),
  });
  let http: HttpServer | undefined;
  try {
    // Runs that were interrupted go on only once it is known that the address is free: there is no other service.
    const access = new AccessControl({ config });
    warnOfOpenAccess(access, log);
    const { deadLetters, isObjectiveMissed } = notifications;
    const v2 = { operations, config, runner, events, deadLetters, isObjectiveMissed, log, version: version.version };
    http = await startHttp({ config, runner, listing, jobs: restores.jobs, metrics, log, version, access, v2 });
    await runner.start();
    if (!signal.aborted) await once(signal, 'abort');
    log.info(logEvent('service.stopping', 'The service ends'));
  } finally {
    stopFollowing();
    await Promise.all([http?.stop(), runner.stop(), restores.stop()]);
    // The last events of runs go out, too.
    await notifications.stop();
  }
}

/** Reads the configuration and says what it has. Throws ServiceError with everything that is wrong with it. */
export async function checkConfiguration({ config, isRemote, log, environment }: CheckOptions): Promise<string> {
  const variables = readEnvironmentSettings(environment ?? {});
  const { document } = await ConfigStore.open({ source: await openSource(config, isRemote), log, variables });
  variables.report(log);
  const count = (map: object | undefined, one: string, many: string): string => {
    const number = Object.keys(map ?? {}).length;
    return `${number} ${number === 1 ? one : many}`;
  };
  return [
    'The configuration is right:',
    [
      count(document['aerospike-clusters'], 'cluster', 'clusters'),
      count(document.storage, 'storage', 'storages'),
      count(document['backup-policies'], 'policy', 'policies'),
      count(document['backup-routines'], 'routine', 'routines'),
    ].join(', '),
  ].join(' ');
}

/** Literal secrets must not be in the log, whoever quotes them. */
function hideSecrets(document: ServiceDocument, redactor: Redactor): void {
  for (const secret of collectSecrets(ServiceDocument, document)) redactor.add('secret', secret, { type: 'password' });
}
