/** What each worker thread of a backup is told when it starts. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import type { ScanSelection } from '../../aerospike/protocol/scan-request.js';
import { loadWasmModule } from '../../asb/wasm-module.js';
import { pickCodecConfig } from '../../codecs/codecs.js';
import { fileNumbers } from './output/file-naming.js';
import type { Bandwidth, OutputPlan, BackupWorkerData } from './worker-protocol.js';
import type { BackupConfig } from './config.js';
import { type ResumeState, unfinishedFiles } from './checkpoint/resume.js';
import type { WorkerChannel } from '../../storage/registry.js';

export interface WorkerDataSource {
  config: BackupConfig;
  cluster: Cluster;
  selection: ScanSelection;
  threads: number;
  counters: SharedArrayBuffer;
  /** What every file begins with, and what the first one begins with. */
  header: Buffer;
  firstHeader: Buffer;
  bandwidth: Bandwidth | undefined;
  /** Of the run that is continued: files to go on with, and the numbers that are taken. */
  resumed: ResumeState | undefined;
  /** Whether a manifest is kept. */
  checksums: boolean;
  /** One for each thread. */
  channels: WorkerChannel[] | undefined;
}

export function createWorkerData(shared: WorkerDataSource): BackupWorkerData[] {
  const {
    config,
    cluster,
    selection,
    threads,
    counters,
    header,
    firstHeader,
    bandwidth,
    resumed,
    checksums,
    channels,
  } = shared;
  const { target } = config;
  const numbers = fileNumbers(resumed?.numbers ?? []);
  const unfinished = unfinishedFiles(resumed, config);
  const first = new Uint8Array(new SharedArrayBuffer(firstHeader.length));
  first.set(firstHeader);
  const module = config.webAssembly === false ? undefined : loadWasmModule('backup');
  return Array.from({ length: threads }, (_, index) => {
    const output: OutputPlan =
      target.kind === 'directory'
        ? {
            kind: 'directory',
            path: target.path,
            prefix: config.prefix,
            fileLimitBytes: config.fileLimitBytes,
            checksums,
            numbers,
            header,
            firstHeader: first,
            ...(unfinished[index] === undefined ? {} : { resume: unfinished[index] }),
          }
        : { kind: 'shared' };
    return {
      index,
      cluster: cluster.optionsForWorker,
      selection,
      noRecords: config.noRecords,
      compact: config.compact,
      ...(module === undefined ? {} : { module }),
      maxRetries: config.maxRetries,
      ...(config.retryBudgetMs === undefined ? {} : { retryBudgetMs: config.retryBudgetMs }),
      sleepBetweenRetriesMs: config.sleepBetweenRetriesMs,
      output,
      pipeline: pickCodecConfig(config),
      ...(channels === undefined ? {} : { storage: channels[index]! }),
      ...(bandwidth === undefined ? {} : { bandwidth }),
      counters,
    };
  });
}
