/** The processor time of a record, from a short backup or, if that was too short, from what was measured elsewhere. */
import type { CodecConfig } from '../../codecs/codecs.js';

/** How far a run was at a moment. */
export interface CostSample {
  records: number;
  /** Of the process, all threads. */
  cpuMicroseconds: number;
}

export interface RecordCost {
  cpuSecondsPerRecord: number;
  /** `reference`: of another machine, so that half of it or twice as much is as likely. */
  basis: 'measured' | 'reference';
  /** That the figure is of. */
  records: number;
}

/** Fewer take so little time that the start of the threads, and compiling, are most of it. */
const LEAST_RECORDS = 50_000;
/** Seconds, of one core of a common server. */
const REFERENCE = {
  record: 0.45e-6,
  textByte: 0.9e-9,
  compressedByte: 4.5e-9,
  encryptedByte: 0.7e-9,
} as const;

/**
 * Of the second half of the samples: in the first, threads start and code is compiled. `recordBytes`: of text.
 */
export function toRecordCost(samples: readonly CostSample[], recordBytes: number, codecs: CodecConfig): RecordCost {
  const last = samples.at(-1);
  const first = samples.find(({ records }) => last !== undefined && records >= last.records / 2 && records > 0);
  if (last !== undefined && first !== undefined && last.records - first.records >= LEAST_RECORDS) {
    const records = last.records - first.records;
    const microseconds = last.cpuMicroseconds - first.cpuMicroseconds;
    return { cpuSecondsPerRecord: microseconds / 1e6 / records, basis: 'measured', records };
  }
  const perByte =
    REFERENCE.textByte +
    (codecs.compression === undefined ? 0 : REFERENCE.compressedByte) +
    (codecs.encryption === undefined ? 0 : REFERENCE.encryptedByte);
  return { cpuSecondsPerRecord: REFERENCE.record + perByte * recordBytes, basis: 'reference', records: 0 };
}
