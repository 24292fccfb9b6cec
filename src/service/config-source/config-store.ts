/** The configuration of the service: in memory, and at its source. */
import { isDeepStrictEqual } from 'node:util';
import { errorMessage } from '../../core/errors.js';
import { warningEvent, type Log } from '../../core/log.js';
import { readDocument, type DocumentSupplement } from '../document/check-document.js';
import { findEntity } from '../document/find-entity.js';
import { findIdleSettings } from '../document/idle-settings.js';
import { toJsonSchema } from '../document/json-schema.js';
import { dropNulls, refuse } from '../document/read-value.js';
import { checkName } from '../document/rules/common-rules.js';
import { ServiceDocument } from '../document/schema/service-document.js';
import { redact, restoreSecrets } from '../document/secrets.js';
import { ServiceError } from '../errors.js';
import type { ConfigSource } from './config-source.js';
import { ENTITY_NAMES, findUsers, type EntityKind } from './entity-kind.js';
import { probeTls } from './probe-tls.js';
import { formatYaml, parseYaml } from './yaml-text.js';

export type { EntityKind } from './entity-kind.js';

/** Both documents are frozen. */
export interface ConfigChange {
  before: ServiceDocument;
  after: ServiceDocument;
}

/** Called with the document as it is when the change is made; what it throws ends the change. */
export type ConfigGuard = (document: ServiceDocument) => void;

export interface ConfigStoreOptions {
  source: ConfigSource;
  log: Log;
  /** Of the environment: they come before the document and are never written. */
  variables?: DocumentSupplement;
  /** For a write: Milliseconds. */
  writeTimeoutMs?: number;
}

const WRITE_TIMEOUT_MS = 60_000;

/**
 * Changes are made one after another: a change is checked, written and only then seen. Every method that changes throws
 * ServiceError: SERVICE_INVALID with all problems, SERVICE_NOT_FOUND, SERVICE_CONFLICT, or SERVICE_NOT_WRITABLE, and
 * nothing is changed then.
 */
export class ConfigStore {
  /** As it is at the source. */
  private current: ServiceDocument;
  /** With the variables of the environment. */
  private completed: ServiceDocument;
  private readonly listeners = new Set<(change: ConfigChange) => void>();
  private queue: Promise<unknown> = Promise.resolve();
  /** What the log has said about the document as it is. */
  private idle: ReadonlySet<string> = new Set();
  /** What the log has said of the source, while it is looked at. */
  private problem: string | undefined;

  private constructor(
    private readonly options: ConfigStoreOptions,
    document: ServiceDocument,
    /** The document at the source, as far as it is known here. */
    private text: string,
  ) {
    this.current = freeze(document);
    this.completed = freeze(this.complete(document));
  }

  /** Other replicas of the service change the source, too. */
  private get isShared(): boolean {
    return this.completed.service?.replicas !== undefined;
  }

  /**
   * Reads the document from its source. Files of TLS that cannot be used are reported in the log only, so that what
   * does not need them runs. Throws ServiceError: SERVICE_INVALID with all problems, or SERVICE_FAILED.
   */
  static async open(options: ConfigStoreOptions): Promise<ConfigStore> {
    const text = await options.source.read();
    const document = parseDocument(text, options);
    const store = new ConfigStore(options, document, text);
    for (const problem of await probeTls(store.document, {})) {
      options.log.info(warningEvent('config.tls', problem));
    }
    store.reportIdle();
    return store;
  }

  /** Frozen; another object after each change. Secrets are in clear. */
  get document(): ServiceDocument {
    return this.completed;
  }

  /** A copy of what is at the source, without literal secrets. */
  redacted(): ServiceDocument {
    return redact(ServiceDocument, this.current);
  }

  /** The whole document anew. */
  replace(value: unknown, guard?: ConfigGuard): Promise<void> {
    return this.changeDocument(
      (document) => {
        guard?.(document);
        return value ?? {};
      },
      (document) => document,
    );
  }

  /** What is at the source now. */
  reload(): Promise<void> {
    return this.enqueue(async () => this.take(await this.options.source.read(), true));
  }

  /** Looks for changes of other replicas so often, until the returned function is called. */
  follow(intervalMs: number): () => void {
    const timer = setInterval(() => void this.followSource(), intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  /** Takes over what is at the source, if that is another text than before. Never rejects. */
  async followSource(): Promise<void> {
    try {
      await this.enqueue(() => this.refresh());
      this.problem = undefined;
    } catch (error) {
      const problem = errorMessage(error);
      if (problem === this.problem) return;
      this.problem = problem;
      const text = `What is at ${this.options.source.description} by now is not taken over: ${problem}`;
      this.options.log.info(warningEvent('config.poll', text));
    }
  }

  private async refresh(): Promise<void> {
    const text = await this.options.source.read();
    if (text !== this.text) await this.take(text);
  }

  private async take(text: string, isAsked = false): Promise<void> {
    const after = parseDocument(text, this.options);
    refuseStaticChange(this.current, after);
    refuse(await probeTls(this.complete(after), this.completed));
    this.text = text;
    if (isAsked || !isDeepStrictEqual(after, this.current)) this.swap(after);
  }

  add(kind: EntityKind, name: string, value: unknown): Promise<void> {
    return this.changeDocument((document) => {
      refuseName(name, kind);
      if (hasEntity(document, kind, name)) {
        throw new ServiceError('SERVICE_CONFLICT', `${describe(kind, name)} already exists`);
      }
      return withEntity(document, kind, name, value ?? null);
    });
  }

  update(kind: EntityKind, name: string, value: unknown): Promise<void> {
    return this.changeDocument(
      (document) => {
        refuseMissing(document, kind, name);
        return withEntity(document, kind, name, value ?? null);
      },
      selectEntity(kind, name),
    );
  }

  /** Adds it or replaces it. */
  async put(kind: EntityKind, name: string, value: unknown, guard?: ConfigGuard): Promise<'added' | 'replaced'> {
    let outcome: 'added' | 'replaced' = 'added';
    await this.changeDocument(
      (document) => {
        guard?.(document);
        refuseName(name, kind);
        outcome = hasEntity(document, kind, name) ? 'replaced' : 'added';
        return withEntity(document, kind, name, value ?? null);
      },
      selectEntity(kind, name),
    );
    return outcome;
  }

  remove(kind: EntityKind, name: string, guard?: ConfigGuard): Promise<void> {
    return this.changeDocument(
      (document) => {
        guard?.(document);
        refuseMissing(document, kind, name);
        const users = findUsers(kind, name, document).map((routine) => describe('backup-routines', routine));
        if (users.length > 0) {
          throw new ServiceError('SERVICE_CONFLICT', `${describe(kind, name)} is in use: ${users.join(', ')}`);
        }
        const rest = Object.entries(document[kind] ?? {}).filter(([other]) => other !== name);
        return { ...document, [kind]: Object.fromEntries(rest) };
      },
      selectEntity(kind, name),
    );
  }

  setDisabled(routine: string, disabled: boolean): Promise<void> {
    return this.changeDocument((document) => {
      refuseMissing(document, 'backup-routines', routine);
      const entity = findEntity(document['backup-routines'], routine);
      return withEntity(document, 'backup-routines', routine, { ...entity, disabled });
    });
  }

  /** The listener is called after each change; it must not throw. Returns what ends that. */
  onChange(listener: (change: ConfigChange) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** `select`: what the change replaces. It must not have been changed by others, which the client has not seen. */
  private changeDocument(
    make: (document: ServiceDocument) => unknown,
    select: (document: ServiceDocument) => unknown = () => undefined,
  ): Promise<void> {
    return this.enqueue(async () => {
      const seen = this.current;
      if (this.isShared) await this.refresh();
      const before = this.current;
      if (!isDeepStrictEqual(select(seen), select(before))) throw changedMeanwhile();
      const after = accept(make(before), before, this.options.variables);
      refuseStaticChange(before, after);
      refuseAccessChange(before, after);
      refuse(await probeTls(this.complete(after), this.completed));
      await this.write(after);
      this.swap(after);
    });
  }

  private complete(document: ServiceDocument): ServiceDocument {
    return this.options.variables?.apply(document) ?? document;
  }

  private enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.queue.then(work);
    this.queue = done.catch(() => undefined);
    return done;
  }

  private async write(after: ServiceDocument): Promise<void> {
    const { source, writeTimeoutMs = WRITE_TIMEOUT_MS } = this.options;
    if (source.write === undefined) {
      throw notWritable(`what is at ${source.description} can only be read`);
    }
    const text = formatYaml(after);
    const writing = this.isShared && source.replace !== undefined ? this.replaceText(text) : source.write(text);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<'timeout'>((resolve) => {
      timer = setTimeout(() => resolve('timeout'), writeTimeoutMs);
    });
    try {
      if ((await Promise.race([writing, timeout])) !== 'timeout') {
        this.text = text;
        return;
      }
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'SERVICE_CONFLICT') throw error;
      throw notWritable(errorMessage(error), error);
    } finally {
      clearTimeout(timer);
    }
    this.undoLate(writing, this.current);
    throw notWritable(`${source.description} took longer than ${writeTimeoutMs} ms`);
  }

  private async replaceText(text: string): Promise<void> {
    if (await this.options.source.replace!(this.text, text)) return;
    throw changedMeanwhile();
  }

  /** A write that was given up and succeeds later must not outlive the change that it belonged to. */
  private undoLate(writing: Promise<void>, document: ServiceDocument): void {
    const { source, log } = this.options;
    const undo = writing.then(
      () => source.write?.(formatYaml(document)),
      () => undefined,
    );
    const report = (error: unknown): void => {
      const text = `a change that was given up may be at ${source.description}: ${errorMessage(error)}`;
      log.info(warningEvent('config.late-write', text));
    };
    this.queue = Promise.all([this.queue, undo]).catch(report);
  }

  private swap(after: ServiceDocument): void {
    const before = this.completed;
    this.current = freeze(after);
    this.completed = freeze(this.complete(after));
    this.reportIdle();
    for (const listener of this.listeners) listener({ before, after: this.completed });
  }

  /** Once for each setting, not at each change of something else. */
  private reportIdle(): void {
    const found = findIdleSettings(this.current);
    for (const { path, text } of found) {
      if (!this.idle.has(text)) this.options.log.info(warningEvent('config.idle', text, { path }));
    }
    this.idle = new Set(found.map(({ text }) => text));
  }
}

/** Throws ServiceError SERVICE_INVALID with all problems. */
function parseDocument(text: string, { source, variables }: ConfigStoreOptions): ServiceDocument {
  return readDocument(parseYaml(ServiceDocument, text, source.description), variables);
}

function changedMeanwhile(): ServiceError {
  const text = 'the configuration was changed by another replica meanwhile: read it again and repeat the change';
  return new ServiceError('SERVICE_CONFLICT', text);
}

function selectEntity(kind: EntityKind, name: string): (document: ServiceDocument) => unknown {
  return (document) => (hasEntity(document, kind, name) ? document[kind]?.[name] : undefined);
}

/** The document that a value is, with the stored secrets where it holds what is shown in their place. */
function accept(value: unknown, before: ServiceDocument, supplement: DocumentSupplement | undefined): ServiceDocument {
  const given = dropNulls(toJsonSchema(ServiceDocument), value);
  const { value: restored, problems } = restoreSecrets(ServiceDocument, given, before, '');
  refuse(problems);
  return readDocument(restored, supplement);
}

function refuseStaticChange(before: ServiceDocument, after: ServiceDocument): void {
  const [old, now] = [before.service ?? {}, after.service ?? {}];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])] as (keyof typeof old)[];
  refuse(
    keys
      .filter((key) => !isDeepStrictEqual(old[key] ?? {}, now[key] ?? {}))
      .map((key) => `service.${key}: cannot be changed while the service runs; change the source and restart it`),
  );
}

/** Who may change the configuration must not make others able to, nor lock the others out. */
function refuseAccessChange({ access: before }: ServiceDocument, { access: after }: ServiceDocument): void {
  if (isDeepStrictEqual(before, after)) return;
  refuse(['access: cannot be changed through the API; change the source and apply it']);
}

function refuseName(name: string, kind: EntityKind): void {
  const problem = checkName(name);
  if (problem !== undefined) refuse([`the name of a ${ENTITY_NAMES[kind]} ${problem}`]);
}

function refuseMissing(document: ServiceDocument, kind: EntityKind, name: string): void {
  if (!hasEntity(document, kind, name)) {
    if (name.trim() === '') refuseName(name, kind);
    throw new ServiceError('SERVICE_NOT_FOUND', `${describe(kind, name)} not found`);
  }
}

function hasEntity(document: ServiceDocument, kind: EntityKind, name: string): boolean {
  return Object.hasOwn(document[kind] ?? {}, name);
}

function withEntity(document: ServiceDocument, kind: EntityKind, name: string, value: unknown): unknown {
  return { ...document, [kind]: { ...document[kind], [name]: value } };
}

function describe(kind: EntityKind, name: string): string {
  return `${ENTITY_NAMES[kind]} ${JSON.stringify(name)}`;
}

function notWritable(reason: string, cause?: unknown): ServiceError {
  return new ServiceError('SERVICE_NOT_WRITABLE', `failed to write configuration: ${reason}`, { cause });
}

function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
  return value;
}
