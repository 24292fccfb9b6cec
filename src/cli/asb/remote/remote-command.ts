/** What the commands that ask a backup service have in common. */
import {
  reportExposedToken,
  type ServiceConnectionSettings,
  toServiceConnection,
} from '../../../config/catalog/service-connection.js';
import { OptionError } from '../../../config/option-error.js';
import type { OptionValues } from '../../../config/option-values.js';
import type { NamespaceSet } from '../../../config/values/set-names.js';
import type { remoteOptions } from '../../../config/schema/catalog/remote.js';
import type { OptionTable } from '../../../config/schema/option-spec.js';
import { logEvent } from '../../../core/log.js';
import type { ServiceClient, Query } from '../../../service/client/service-client.js';
import type { Backup } from '../../../service/v2/schema/backup.js';
import type { Job } from '../../../service/v2/schema/job.js';
import type { CliSession, Command, CommandPage, OperandCount } from '../../command.js';

/** What a command is run with: the values of its options, its words, the service, and what it reports to. */
export interface RemoteRun<T extends OptionTable> {
  readonly values: OptionValues<T>;
  readonly operands: readonly string[];
  readonly client: ServiceClient;
  readonly session: CliSession;
}

export interface RemoteConfig<T extends OptionTable> {
  connection: ServiceConnectionSettings;
  values: OptionValues<T>;
  operands: readonly string[];
}

export interface RemoteCommandPage<T extends OptionTable> extends Pick<CommandPage, 'summary' | 'usage' | 'examples'> {
  /** The word after the service. */
  readonly command: string;
  readonly operands: OperandCount;
  readonly options: T;
  /** What is wrong with the words and options taken together. Throws OptionError. */
  readonly check?: (values: OptionValues<T>, operands: readonly string[]) => void;
  readonly run: (run: RemoteRun<T>) => Promise<void>;
}

/** A command whose options include `remoteOptions`. */
export function createRemoteCommand<const T extends OptionTable>(
  page: RemoteCommandPage<T>,
): Command<T, RemoteConfig<T>> {
  const { command, summary, usage, operands: count, examples, options, check, run } = page;
  return {
    name: `asb --service URL ${command}`,
    title: 'Aerospike Backup Catalog',
    summary,
    usage,
    operands: count,
    examples,
    options,
    schema: {
      name: 'asb',
      options,
      constraints: [],
      notes: (values) => reportExposedToken(values as unknown as OptionValues<typeof remoteOptions>),
    },
    subject: 'Command',
    warningLevel: 'info',
    readsConfigFiles: false,
    toConfig: (values, { operands }) => {
      check?.(values, operands);
      // Every table of these commands has the options of the connection.
      return {
        connection: toServiceConnection(values as unknown as OptionValues<typeof remoteOptions>),
        values,
        operands,
      };
    },
    securityValues: () => undefined,
    readsStdin: () => false,
    run: async ({ connection, values, operands }, session) => {
      const { ServiceClient: Client } = await import('../../../service/client/service-client.js');
      await run({ values, operands, client: new Client(connection, session.signal), session });
    },
  };
}

/** `STORAGE/ID`: the storage by its name in the configuration of the service, and the id. Throws OptionError. */
export function splitBackupName(word: string): { storage: string; id: string } {
  const slash = word.indexOf('/');
  if (slash <= 0 || slash === word.length - 1) {
    throw new OptionError('OPTION_VALUE', `${word} is no STORAGE/ID: the name of a storage of the service and an id`);
  }
  return { storage: word.slice(0, slash), id: word.slice(slash + 1) };
}

/** Path of a backup, or of what is done with it. */
export function backupPath(word: string, action?: string): string {
  const { storage, id } = splitBackupName(word);
  const path = `${storagePath(storage)}/${encodeURIComponent(id)}`;
  return action === undefined ? path : `${path}/${action}`;
}

/** Path of the backups of a storage. */
export function storagePath(storage: string): string {
  return `/v2/backups/${encodeURIComponent(storage)}`;
}

/** What is done with work that has begun: `waits` = its end is waited for. */
export interface WorkOptions<T> {
  readonly path: string;
  readonly query?: Query;
  readonly waits: boolean;
  readonly json: boolean;
  readonly format: (work: T) => string;
}

/** Prints the work: at once, or when it has ended. Throws ServiceClientError if it has not ended as it should. */
export async function followWork<T extends Backup | Job>(
  begun: T,
  { path, query, waits, json, format }: WorkOptions<T>,
  { client, session: { stdout, log } }: Pick<RemoteRun<OptionTable>, 'client' | 'session'>,
): Promise<void> {
  const { requireCompleted, waitForEnd } = await import('../../../service/client/wait-for-end.js');
  let shown = -1;
  const address = { path, ...(query === undefined ? {} : { query }) };
  const work = !waits
    ? begun
    : await waitForEnd(client, begun, address, ({ id, state, progress }) => {
        const percent = typeof progress === 'object' ? progress.percent : progress;
        if (percent === undefined || percent === shown || (state !== 'STARTED' && state !== 'IN_PROGRESS')) return;
        shown = percent;
        log.info(logEvent('service.progress', `${id}: ${percent}%`, { id, percent }));
      });
  stdout(json ? formatJson(work) : format(work));
  if (waits) requireCompleted(work);
}

export function formatJson(document: unknown): string {
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

/** As the service takes them; undefined = none. */
export function selectorTexts(selection: readonly NamespaceSet[] | undefined): string[] | undefined {
  if (selection === undefined || selection.length === 0) return undefined;
  return selection.map(({ namespace, set }) => (set === undefined ? namespace : `${namespace}.${set}`));
}
