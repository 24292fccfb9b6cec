import type { CodecConfig } from '../../codecs/codecs.js';
import type { ContentTotals } from '../../core/events/restore.js';
import type { Shard } from '../../core/shard.js';
import type { StorageAccess } from '../../storage/registry.js';
import type { InputSource } from '../input/source.js';

/** What a validation has to know: how to read a backup. */
export interface ValidateConfig extends CodecConfig {
  source: InputSource;
  /** Only every N-th file of the directories. */
  shard?: Shard;
  /** The storages of the paths. Whoever opened them closes them. */
  storages: StorageAccess;
  /** Of all entries; absent = each file has the one its header names. */
  namespace?: string;
  /** Worker threads, 1–4096. */
  parallel: number;
  /** Absent = records go through WebAssembly where the machine has it. */
  webAssembly?: false;
}

export interface ValidateCounts extends ContentTotals {
  /** Decrypted and decompressed. */
  textBytes: number;
}

export interface ValidateResult extends ContentTotals {
  /** That could be read to their end. */
  validFiles: number;
  files: number;
  durationMs: number;
}
