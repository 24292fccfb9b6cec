/** What every scan of a run asks for. */
import { buildFilter } from '../../aerospike/protocol/filter-expression.js';
import type { ScanSelection } from '../../aerospike/protocol/scan-request.js';
import type { BackupOptions } from './config.js';

/** `threads`: how many scans share the record rate (asbackup.md 5.12). */
export function scanSelection(options: BackupOptions, threads: number): ScanSelection {
  const { sets, recordsPerSecond = 0 } = options;
  const filter = options.filterExp ?? buildFilter({ ...options, sets });
  return {
    namespace: options.namespace,
    // One set goes into the request, several into the filter (asbackup.md 5.4).
    set: sets.length === 1 ? sets[0]! : '',
    bins: options.bins,
    noBins: options.noBins,
    ...(filter === undefined ? {} : { filter }),
    recordsPerSecond: recordsPerSecond === 0 ? 0 : Math.max(1, Math.floor(recordsPerSecond / threads)),
    socketTimeoutMs: options.socketTimeoutMs,
    totalTimeoutMs: options.totalTimeoutMs,
  };
}
