/** What a restore or a validation reads (asrestore.md 3). */
import type { SourceDescription } from '../../core/events/restore.js';
import type { Chunks } from '../../storage/stream/reader.js';

export type InputSource =
  | { kind: 'directory'; path: string }
  | { kind: 'directories'; paths: readonly string[] }
  | { kind: 'file'; path: string }
  /** `expectedBytes` (`-i -:<bytes>`) is for progress only. */
  | { kind: 'stdin'; expectedBytes?: number }
  | { kind: 'stream'; stream: Chunks; expectedBytes?: number };

/** The directories to read, in their order; empty for a file or a stream. */
export function inputDirectories(source: InputSource): readonly string[] {
  if (source.kind === 'directory') return [source.path];
  return source.kind === 'directories' ? source.paths : [];
}

/** The source as events hold it: without the stream itself. */
export function describeSource(source: InputSource): SourceDescription {
  switch (source.kind) {
    case 'directory':
    case 'file':
      return { kind: source.kind, path: source.path };
    case 'directories':
      return { kind: source.kind, paths: source.paths };
    case 'stdin':
    case 'stream':
      return { kind: source.kind };
  }
}
