import type { Log } from '../../core/log.js';

/** For work whose failure is what matters: it is thrown. */
export const SILENT: Log = { info: () => undefined, error: () => undefined, verbose: () => undefined };
