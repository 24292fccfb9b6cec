/** What of a restore goes through the module that takes ordinary records (asb/record-scanner.ts). */
import { infoWord } from '../../aerospike/protocol/write-frame.js';
import { RecordScanner } from '../../asb/record-scanner.js';
import type { RecordProcessor } from './record-processor.js';
import type { RestoreWorkerData } from './worker-protocol.js';

/** Beyond this, a frame's row starts would take more memory than they are worth. */
const MAX_ROWS = 65_536;
/** Least room for rows: a frame that TypeScript appends to has as much. */
const MIN_ROWS = 128;

/**
 * The scanner of a worker. undefined = TypeScript takes every record: there is no module, or the run is one of those in
 * which each record is asked about: a limit of records per second, directories that may hold the same records, chains
 * of backups, sets that are excluded or renamed, and filters of more names than the module takes.
 *
 * @param nodes each has a frame under construction
 */
export function createScanner(
  data: RestoreWorkerData,
  nodes: number,
  processor: RecordProcessor,
): RecordScanner | undefined {
  const { scannerModule, writer, bins, noRecords, limits } = data;
  if (scannerModule === undefined) return undefined;
  if (noRecords) return RecordScanner.createChecker(scannerModule);
  if (asksEachRecord(data) || limits?.records !== undefined || writer.rowsPerFrame > MAX_ROWS) return undefined;
  const scanner = RecordScanner.create(scannerModule, {
    // One more is filled while the answer to the first one is settled.
    frames: writer.framesInFlight + nodes + 1,
    maxRows: Math.max(MIN_ROWS, writer.rowsPerFrame),
  });
  const names = bins.map((bin) => Buffer.from(bin));
  if (scanner?.setFilters(processor.sets, names) !== true) return undefined;
  const { defaultPolicy, firstWritePolicy } = processor;
  const words = {
    infoWord: infoWord(writer.mode, defaultPolicy),
    firstWriteInfoWord: infoWord(writer.mode, firstWritePolicy),
  };
  scanner.setPolicy(writer.mode, words, processor);
  return scanner;
}

function asksEachRecord({ overlap, remembered, newer, renamedSets, rules }: RestoreWorkerData): boolean {
  const isChain = remembered !== undefined || newer !== undefined;
  return isChain || overlap !== undefined || renamedSets.length > 0 || (rules.excludedSets ?? []).length > 0;
}
