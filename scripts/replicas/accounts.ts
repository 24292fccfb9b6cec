/** What the replicas have recorded, compared with what there is and what should be. */
import { parseCron, nextTime } from '../../src/service/schedule/cron.js';
import { parseRunName, runDirectory } from '../../src/service/backups/layout.js';
import { METADATA_NAME, readMetadata } from '../../src/service/backups/metadata-file.js';
import { Journal } from '../../src/service/replicas/journal.js';
import { EMPTY_LEDGER, type EndedRun, type LedgerState } from '../../src/service/replicas/ledger-state.js';
import { joinPath } from '../../src/storage/paths.js';
import type { Storage } from '../../src/storage/storage.js';

const TYPES = ['full', 'incremental'] as const;

export interface RoutineSpec {
  name: string;
  full: string;
  incremental?: string;
  namespaces: number;
  /** How many full backups are kept; absent = all. */
  kept?: number;
}

/** Ends of runs of one routine, collected while they are remembered. */
export class RoutineAccount {
  /** By the type and the time in the schedule, or that of the run. */
  private readonly ended = new Map<string, EndedRun>();
  readonly problems: string[] = [];
  /** How many runs another replica has ended than the one that began them. */
  takenOver = 0;

  constructor(
    readonly spec: RoutineSpec,
    private readonly storage: Storage,
    private readonly root: string,
  ) {}

  async collect(): Promise<LedgerState> {
    const directory = joinPath(joinPath(this.root, this.spec.name), 'replicas/journal');
    const { state } = await new Journal(this.storage, directory, EMPTY_LEDGER).read();
    for (const run of state.recent) {
      const key = `${run.type}/${run.dueMs ?? `asked/${run.timestampMs}`}`;
      const known = this.ended.get(key);
      if (known === undefined) {
        this.ended.set(key, run);
        if (run.token > 1) this.takenOver++;
      } else if (known.timestampMs !== run.timestampMs) {
        this.problems.push(`doubled: ${this.spec.name} ${key} has ${known.timestampMs} and ${run.timestampMs}`);
      }
    }
    return state;
  }

  count(outcome: EndedRun['outcome']): number {
    return [...this.ended.values()].filter((run) => run.outcome === outcome).length;
  }

  /** Firings of the schedule from `fromMs` to `toMs` that nobody has recorded. */
  findLost(fromMs: number, toMs: number): string[] {
    const lost: string[] = [];
    for (const type of TYPES) {
      const text = this.spec[type];
      if (text === undefined) continue;
      const cron = parseCron(text, undefined);
      for (let due = nextTime(cron, fromMs); due !== undefined && due <= toMs; due = nextTime(cron, due)) {
        if (!this.ended.has(`${type}/${due}`)) lost.push(`lost: ${this.spec.name} ${type} of ${due}`);
      }
    }
    return lost;
  }

  /** Compares the records with the folders. Returns the number of complete runs. */
  async compare(records: number): Promise<number> {
    let complete = 0;
    const { name, kept = Infinity } = this.spec;
    for (const type of TYPES) {
      const successes = [...this.ended.values()].filter((run) => run.type === type && run.outcome === 'success');
      const listed = await this.listComplete(type, records);
      complete += listed.length;
      for (const timestampMs of listed) {
        if (successes.filter((run) => run.timestampMs === timestampMs).length !== 1) {
          this.problems.push(`not recorded: ${name} ${type} ${timestampMs}`);
        }
      }
      const newest = successes.map(({ timestampMs = 0 }) => timestampMs).sort((a, b) => b - a);
      const oldestKept = kept === Infinity ? 0 : (newest[kept - 1] ?? 0);
      for (const timestampMs of newest) {
        if (type === 'full' && timestampMs >= oldestKept && !listed.includes(timestampMs)) {
          this.problems.push(`missing: ${name} ${type} ${timestampMs}`);
        }
      }
      // A deletion that was interrupted is made after a later full backup.
      if (type === 'full' && listed.length > kept + 3) this.problems.push(`${name} has ${listed.length} full backups`);
    }
    // A later firing never has an earlier id.
    const byDue = [...this.ended.values()].filter((run) => run.dueMs !== undefined && run.timestampMs !== undefined);
    for (const type of TYPES) {
      const runs = byDue.filter((run) => run.type === type).sort((a, b) => a.dueMs! - b.dueMs!);
      for (const [i, run] of runs.entries()) {
        if (i > 0 && runs[i - 1]!.timestampMs! >= run.timestampMs!) {
          this.problems.push(`out of order: ${name} ${type} ${runs[i - 1]!.timestampMs} before ${run.timestampMs}`);
        }
      }
    }
    const ids = byDue.map(({ timestampMs }) => timestampMs);
    if (new Set(ids).size !== ids.length) this.problems.push(`${name} has an id twice`);
    return complete;
  }

  private async listComplete(type: 'full' | 'incremental', records: number): Promise<number[]> {
    const directory = runDirectory(this.root, this.spec.name, type);
    const found: number[] = [];
    for (const run of await this.storage.listDirectories(directory)) {
      const data = joinPath(joinPath(directory, run), 'data');
      const folders: string[] = [];
      for (const folder of await this.storage.listDirectories(data)) {
        if (await this.storage.exists('file', joinPath(joinPath(data, folder), METADATA_NAME))) folders.push(folder);
      }
      if (folders.length === 0) continue;
      if (type === 'full') await this.checkFull(run, data, folders, records);
      found.push(parseRunName(run) ?? 0);
    }
    return found;
  }

  private async checkFull(run: string, data: string, folders: readonly string[], records: number): Promise<void> {
    const { name, namespaces } = this.spec;
    if (folders.length !== namespaces) this.problems.push(`${name} ${run} has ${folders.join(', ')}`);
    for (const folder of folders) {
      const metadata = await readMetadata(joinPath(joinPath(data, folder), METADATA_NAME), this.storage);
      if (metadata.namespace === 'test' && metadata.records !== records) {
        this.problems.push(`${name} ${run} has ${metadata.records} records of ${records}`);
      }
    }
  }
}
