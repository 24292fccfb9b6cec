/** `--estimate`: how large a backup would be, from some of its records (asbackup.md 6). */
import { Codecs } from '../../../codecs/codecs.js';
import { BackupProgress } from '../../../ui/progress/backup-progress.js';
import {
  estimatedRecordLines,
  estimatedTotalLine,
  jobCompletedLine,
  jobInterruptedLine,
  jobStartedLine,
} from '../../../ui/messages/backup.js';
import { machineEstimateText } from '../../../ui/machine-format.js';
import { recordSizeBound } from './statistics.js';
import { readMetadata } from '../metadata.js';
import type { BackupOptions } from '../config.js';
import { divide } from '../plan.js';
import { SampleAccumulator } from './accumulator.js';
import { sampleRecords } from './sampler.js';
import { scanSelection } from '../scan-params.js';
import { withConnection, type Session } from '../connect.js';

const DEFAULT_SAMPLES = 10_000;

export interface EstimateResult {
  /** How many records a backup is expected to hold. */
  records: number;
  /** No record size is expected above this on average. */
  bytesPerRecord: number;
  /** No backup is expected to be larger. */
  bytes: number;
  /** How many records were read for it. */
  samples: number;
}

/** Reads some records, tells what a backup of all would take, and writes nothing. */
export async function estimate(options: BackupOptions): Promise<EstimateResult> {
  const pipeline = await Codecs.open(options);
  return withConnection(options, (session) => estimateIn(session, options, pipeline));
}

async function estimateIn(session: Session, options: BackupOptions, pipeline: Codecs): Promise<EstimateResult> {
  const { log } = options;
  const samples = options.estimateSamples ?? DEFAULT_SAMPLES;
  const globals = await readMetadata(session.cluster, options);
  const meter = new SampleAccumulator(globals.firstHeader, pipeline);
  const { sizes } = meter;
  const bytes = (): number => meter.storedBytes;
  session.totals = () => ({ ...globals, records: sizes.count, bytes: bytes() });
  const progress = new BackupProgress({
    log,
    read: () => ({ records: sizes.count, bytes: bytes(), expectedRecords: samples }),
    machine: session.machine,
    ...(options.display === undefined ? {} : { display: options.display }),
    ...(options.progressRequests === undefined ? {} : { requests: options.progressRequests }),
  });
  progress.start();
  let result: EstimateResult | undefined;
  try {
    for (const line of globals.lines) log.info(line, 0);
    await scanJobs(session, options, samples, meter);
    result = report(session, options, meter, pipeline);
    return result;
  } catch (error) {
    // What was read so far is an estimate too (asbackup.md 5.13), though the run as a whole has failed.
    if (result === undefined && options.signal?.aborted === true) {
      await meter.finish();
      report(session, options, meter, pipeline);
    }
    throw error;
  } finally {
    progress.stop();
  }
}

async function scanJobs(
  { cluster, partitions }: Session,
  options: BackupOptions,
  samples: number,
  meter: SampleAccumulator,
): Promise<void> {
  const { log } = options;
  const { sizes } = meter;
  const selection = scanSelection(options, 1);
  const jobs = divide(partitions, 1, samples);
  for (const { filter, maxRecords } of jobs) {
    const before = sizes.count;
    log.info(jobStartedLine(filter), 0);
    try {
      await sampleRecords(cluster, options, selection, [filter], maxRecords!, meter);
    } catch (error) {
      log.info(jobInterruptedLine(filter, sizes.count - before, meter.storedBytes), 0);
      throw error;
    }
    if (filter === jobs.at(-1)!.filter) await meter.finish();
    log.info(jobCompletedLine(filter, sizes.count - before, meter.storedBytes), 0);
  }
}

function report(
  session: Session,
  { log, maxRecords = 0 }: BackupOptions,
  meter: SampleAccumulator,
  pipeline: Codecs,
): EstimateResult {
  const records = maxRecords === 0 ? session.expectedRecords : Math.min(maxRecords, session.expectedRecords);
  const bytesPerRecord = recordSizeBound(meter.sizes);
  const bytes = meter.sizeOf(records);
  const ratio = pipeline.compresses ? meter.ratio : undefined;
  for (const line of estimatedRecordLines(bytesPerRecord, ratio)) log.info(line);
  session.machine(machineEstimateText(records, bytesPerRecord));
  log.info(estimatedTotalLine(bytes));
  return { records, bytesPerRecord, bytes, samples: meter.sizes.count };
}
