/** The runs of a restore, one for each backup and namespace, and what they have done together. */
import type { Log } from '../../core/log.js';
import type { Run } from '../../core/run.js';
import type { RestoreConfig, RestoreCounts, RestoreResult } from '../../engine/restore/config.js';
import { RestoreError, startRestore } from '../../engine/restore/restore.js';
import { restorePresentation } from '../../ui/restore-presentation.js';
import { reportRun } from '../../ui/reported-run.js';
import { addCounters, NO_COUNTERS, toJobCounters, type JobCounters } from './restore-counters.js';

type CountedRun = Pick<Run<RestoreResult, RestoreCounts>, 'counters'>;

export class CountedRuns {
  private readonly running = new Set<CountedRun>();
  /** Of the runs that have ended. */
  private ended: JobCounters = NO_COUNTERS;

  get counters(): JobCounters {
    let sum = this.ended;
    for (const run of this.running) sum = addCounters(sum, toJobCounters(run.counters()));
    return sum;
  }

  /** Makes a run and settles as it does. The storages stay open: they are needed again for the next backup. */
  async follow(
    config: RestoreConfig,
    { hosts, log, signal }: { hosts: string; log: Log; signal: AbortSignal },
  ): Promise<RestoreResult> {
    signal.throwIfAborted();
    const storages = { close: () => Promise.resolve() };
    const presentation = restorePresentation('restore');
    const options = { presentation, log, frontEnd: 'rest', hosts, signal, storages } as const;
    let current: CountedRun | undefined;
    const settle = (counts: RestoreCounts | undefined): void => {
      if (current !== undefined) this.running.delete(current);
      const last = counts ?? current?.counters();
      if (last !== undefined) this.ended = addCounters(this.ended, toJobCounters(last));
    };
    try {
      const result = await reportRun(options, (context, follow) => {
        const run = startRestore(config, context);
        this.running.add((current = run));
        return follow(run);
      });
      settle(result);
      return result;
    } catch (error) {
      settle(error instanceof RestoreError ? error.result : undefined);
      throw error;
    }
  }
}
