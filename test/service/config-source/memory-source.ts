import type { Log } from '../../../src/core/log.js';
import type { ConfigSource } from '../../../src/service/config-source/config-source.js';

export const SILENT: Log = { info: () => undefined, error: () => undefined, verbose: () => undefined };

/** A source in memory. */
export class MemorySource implements ConfigSource {
  readonly description = 'memory';
  writes = 0;
  /** Makes writes fail. */
  fail: Error | undefined;
  /** Makes writes wait. */
  hold: Promise<void> | undefined;

  constructor(public text: string) {}

  read(): Promise<string> {
    return Promise.resolve(this.text);
  }

  async write(text: string): Promise<void> {
    await this.hold;
    if (this.fail !== undefined) throw this.fail;
    this.writes++;
    this.text = text;
  }
}

export function sampleDocument(): string {
  return `
aerospike-clusters:
  c1:
    seed-nodes: [{ host-name: node, port: 3000 }]
    credentials: { user: admin, password: hunter2 }
storage:
  s1: { local-storage: { path: /backups } }
backup-policies:
  p1: { parallel: 4, retention: { full: 3 } }
backup-routines:
  nightly:
    source-cluster: c1
    storage: s1
    backup-policy: p1
    interval-cron: 0 0 1 * * *
    namespaces: [test]
`;
}
