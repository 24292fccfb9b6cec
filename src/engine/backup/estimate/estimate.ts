/** How large a backup would be, from some of its records (asbackup.md 6). */
import { Codecs } from '../../../codecs/codecs.js';
import type { BackupTotals } from '../../../core/events/backup.js';
import type { RunContext } from '../../../core/run-context.js';
import { startRun, type Run, type RunBody, type RunProgress } from '../../../core/run.js';
import type { BackupConfig } from '../config.js';
import { withConnection, type Session } from '../connect.js';
import { readMetadata, type BackupMetadata } from '../metadata.js';
import { divide } from '../plan.js';
import { scanSelection } from '../scan-params.js';
import { SampleAccumulator } from './accumulator.js';
import { sampleRecords } from './sampler.js';
import { recordSizeBound } from './statistics.js';

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

export type EstimateRun = Run<EstimateResult, BackupTotals>;

/** Reads some records, reports how large a backup of all would be, and writes nothing. */
export function startEstimate(config: BackupConfig, context: RunContext): EstimateRun {
  return startRun(new EstimateBody(config, context), context);
}

class EstimateBody implements RunBody<EstimateResult, BackupTotals> {
  private readonly samples: number;
  private metadata: BackupMetadata | undefined;
  private sampled: SampleAccumulator | undefined;

  constructor(
    private readonly config: BackupConfig,
    private readonly context: RunContext,
  ) {
    this.samples = config.estimateSamples ?? DEFAULT_SAMPLES;
  }

  counters(): BackupTotals {
    const { sindexes = 0, udfs = 0 } = this.metadata ?? {};
    return { records: this.sampled?.sizes.count ?? 0, sindexes, udfs, bytes: this.sampled?.storedBytes ?? 0 };
  }

  progress(): RunProgress {
    const { records, bytes } = this.counters();
    return { records, bytes, expectedRecords: this.samples, expectedBytes: 0, workers: [] };
  }

  async execute(): Promise<EstimateResult> {
    const codecs = await Codecs.open(this.config);
    return withConnection(
      this.config,
      this.context,
      () => this.counters(),
      (session) => this.run(session, codecs),
    );
  }

  private async run(session: Session, codecs: Codecs): Promise<EstimateResult> {
    const { context } = this;
    const metadata = (this.metadata = await readMetadata(session.cluster, this.config));
    const sampled = (this.sampled = new SampleAccumulator(metadata.firstHeader, codecs));
    context.emit({ type: 'transfer.started' });
    let result: EstimateResult | undefined;
    try {
      for (const event of metadata.events) context.emit({ ...event, worker: 0 });
      await this.scan(session, sampled);
      result = this.report(session, sampled, codecs);
      return result;
    } catch (error) {
      // What was read so far is an estimate too (asbackup.md 5.13), though the run as a whole has failed.
      if (result === undefined && context.signal.aborted) {
        await sampled.finish();
        this.report(session, sampled, codecs);
      }
      throw error;
    } finally {
      context.emit({ type: 'transfer.ended' });
    }
  }

  private async scan({ cluster, partitions }: Session, sampled: SampleAccumulator): Promise<void> {
    const { config, context } = this;
    const { sizes } = sampled;
    const selection = scanSelection(config, 1);
    const jobs = divide(partitions, 1, this.samples);
    for (const job of jobs) {
      const { filter } = job;
      const before = sizes.count;
      const report = (type: 'job.done' | 'job.interrupted'): void =>
        context.emit({ type, filter, records: sizes.count - before, bytes: sampled.storedBytes, worker: 0 });
      context.emit({ type: 'job.start', filter, worker: 0 });
      try {
        await sampleRecords(cluster, config, context, selection, [filter], job.maxRecords!, sampled);
      } catch (error) {
        report('job.interrupted');
        throw error;
      }
      if (job === jobs.at(-1)) await sampled.finish();
      report('job.done');
    }
  }

  private report(session: Session, sampled: SampleAccumulator, codecs: Codecs): EstimateResult {
    const { config, context } = this;
    const { maxRecords = 0 } = config;
    const records = maxRecords === 0 ? session.expectedRecords : Math.min(maxRecords, session.expectedRecords);
    const bytesPerRecord = recordSizeBound(sampled.sizes);
    const bytes = sampled.estimateSize(records);
    const ratio = codecs.compresses ? { ratio: sampled.ratio } : {};
    context.emit({ type: 'estimate.record', records, bytesPerRecord, ...ratio });
    context.emit({ type: 'estimate.total', bytes });
    return { records, bytesPerRecord, bytes, samples: sampled.sizes.count };
  }
}
