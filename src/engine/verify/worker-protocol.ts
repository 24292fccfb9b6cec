/** What the main thread and the workers of a validation send each other, besides what every pool sends. */
import type { CodecConfig } from '../../codecs/codecs.js';
import type { SerializedError } from '../../core/errors.js';
import type { ContentTotals } from '../../core/events/restore.js';
import type { WasmModule } from '../../core/webassembly.js';
import type { ReadChannel } from '../input/input.js';

/** What each worker counts (core/counters.ts). */
export const VALIDATE_COUNTERS = ['records', 'sindexes', 'udfs', 'bytes', 'textBytes'] as const;

/** `workerData` of a validation worker. */
export interface ValidateWorkerData {
  /** 0 for the first worker. */
  index: number;
  /** Absent = each file has the one its header names. */
  namespace?: string;
  codecs: CodecConfig;
  /** Absent = all files are local. */
  storage?: ReadChannel;
  /** Of a CounterBlock of VALIDATE_COUNTERS. */
  counters: SharedArrayBuffer;
  /** Checks ordinary records; absent = the decoder takes all. */
  scannerModule?: WasmModule;
}

/** A file was read to its end, or to its first fault. */
export interface FileChecked {
  contents: ContentTotals;
  error?: SerializedError;
}
