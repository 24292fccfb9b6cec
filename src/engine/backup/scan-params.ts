/** What every scan of a run asks for. */
import { buildFilter, isFilteredBySet } from '../../aerospike/protocol/filter-expression.js';
import type { ScanSelection } from '../../aerospike/protocol/scan-request.js';
import type { BackupConfig } from './config.js';

/** `threads`: how many scans share the record rate (asbackup.md 5.12). */
export function scanSelection(config: BackupConfig, threads: number): ScanSelection {
  const { sets, recordsPerSecond = 0 } = config;
  const filter = config.filterExp ?? buildFilter({ ...config, sets });
  return {
    namespace: config.namespace,
    // One set goes into the request, several into the filter (asbackup.md 5.4).
    set: sets.length === 1 ? sets[0]! : '',
    // An expression of the user decides alone which records come.
    ...(isFilteredBySet(sets) && config.filterExp === undefined ? { sets } : {}),
    bins: config.bins,
    noBins: config.noBins,
    ...(filter === undefined ? {} : { filter }),
    recordsPerSecond: recordsPerSecond === 0 ? 0 : Math.max(1, Math.floor(recordsPerSecond / threads)),
    socketTimeoutMs: config.socketTimeoutMs,
    totalTimeoutMs: config.totalTimeoutMs,
  };
}
