/** Opens the storage: with the SDK in the main thread, through a port in another. */
import type { MessagePort } from 'node:worker_threads';
import type { Storage } from '../storage.js';
import type { Caller } from './api.js';
import { RemoteCaller, serveCalls } from './worker-bridge.js';
import { S3Storage } from './storage.js';
import type { S3LogLevel, S3Settings } from './config.js';

type ToolLog = (level: 'info' | 'error' | 'verbose', text: string) => void;

/** The main thread's SDK, loaded when it is first needed. */
export class S3Hub {
  private caller: Promise<Caller> | undefined;
  private close: (() => void) | undefined;
  private threads = 0;

  constructor(
    private readonly settings: S3Settings,
    private readonly log: ToolLog,
    private readonly stopping: () => boolean,
  ) {}

  readonly open = (): Promise<Caller> => {
    this.caller ??= this.connect();
    return this.caller;
  };

  storage(): S3Storage {
    const { open } = this;
    const lazy: Caller = { call: async (name, input, started) => (await open()).call(name, input, started) };
    return storageOn(lazy, this.settings, this.log);
  }

  /** For one worker thread. */
  serve(port: MessagePort): void {
    this.threads++;
    serveCalls(port, this.open);
  }

  end(): void {
    this.close?.();
  }

  private async connect(): Promise<Caller> {
    const [{ connectS3 }, { SdkCaller }] = await Promise.all([import('./client.js'), import('./sdk-client.js')]);
    const log = (level: S3LogLevel | 'Tool', text: string): void => {
      if (level === 'Tool') this.log('info', text);
      else this.log(level === 'Error' || level === 'Fatal' ? 'error' : 'info', `[AWS ${level.toUpperCase()}] ${text}`);
    };
    const connection = await connectS3(this.settings, log);
    this.close = () => connection.client.destroy();
    return new SdkCaller(connection, this.settings, log, this.stopping, () => this.threads);
  }
}

/** In a worker thread. */
export function linkedStorage(port: MessagePort, settings: S3Settings): Storage {
  return storageOn(new RemoteCaller(port), settings, () => undefined);
}

function storageOn(caller: Caller, settings: S3Settings, log: ToolLog): S3Storage {
  return new S3Storage(caller, settings, (text) => log('verbose', text));
}
