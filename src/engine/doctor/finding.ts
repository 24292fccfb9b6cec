import type { HintId } from '../../core/hint.js';

/** What was looked at. */
export type CheckName = 'access' | 'address' | 'version' | 'clock' | 'namespace' | 'privilege' | 'space' | 'storage';

/** `warning`: a backup works, but something may surprise. `skipped`: it could not be looked at. */
export type CheckStatus = 'ok' | 'warning' | 'failed' | 'skipped';

/** The result of one check. */
export interface Finding {
  check: CheckName;
  /** A node, namespace or path. */
  subject: string;
  status: CheckStatus;
  /** A sentence without a full stop. */
  text: string;
  /** What to do about it; of everything that is a warning or has failed. */
  hint?: HintId;
  /** What was measured, for programs. */
  details?: Readonly<Record<string, string | number | boolean>>;
}

export type FindingListener = (finding: Finding) => void;
