/** What each worker thread of a backup is told when it starts. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import type { ScanSelection } from '../../aerospike/protocol/scan-request.js';
import { pickCodecConfig } from '../../codecs/codecs.js';
import { type Bandwidth, fileNumbers, type OutputPlan, type BackupWorkerData } from './worker-protocol.js';
import type { BackupOptions } from './config.js';
import { type ResumeState, unfinishedFiles } from './checkpoint/resume.js';
import type { WorkerChannel } from '../../storage/registry.js';

export interface SharedSetup {
  options: BackupOptions;
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
  /** One for each thread. */
  links: WorkerChannel[] | undefined;
}

export function createWorkerData(shared: SharedSetup): BackupWorkerData[] {
  const { options, cluster, selection, threads, counters, header, firstHeader, bandwidth, resumed, links } = shared;
  const { target } = options;
  const numbers = fileNumbers(resumed?.numbers ?? []);
  const unfinished = unfinishedFiles(resumed, options);
  const first = new Uint8Array(new SharedArrayBuffer(firstHeader.length));
  first.set(firstHeader);
  return Array.from({ length: threads }, (_, index) => {
    const output: OutputPlan =
      target.kind === 'directory'
        ? {
            kind: 'directory',
            path: target.path,
            prefix: options.prefix,
            fileLimitBytes: options.fileLimitBytes,
            numbers,
            header,
            firstHeader: first,
            ...(unfinished[index] === undefined ? {} : { resume: unfinished[index] }),
          }
        : { kind: 'shared' };
    return {
      index,
      // Every address that is known to work, so that a worker finds the cluster even if the seed has gone.
      cluster: { ...options.cluster, seeds: [...cluster.addresses, ...options.cluster.seeds] },
      selection,
      noRecords: options.noRecords,
      compact: options.compact,
      maxRetries: options.maxRetries,
      sleepBetweenRetriesMs: options.sleepBetweenRetriesMs,
      output,
      pipeline: pickCodecConfig(options),
      ...(links === undefined ? {} : { storage: links[index]! }),
      ...(bandwidth === undefined ? {} : { bandwidth }),
      counters,
    };
  });
}
