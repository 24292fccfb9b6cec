/**
 * What a user can do about an error. The engine names the remedy by an id; src/ui/hints.ts has a sentence for each in
 * the terms of each front end: `--host` on the command line, `hosts` in the library, `seed-nodes` in REST.
 */
export const HINT_IDS = [
  'allow-incomplete',
  'build-zstd',
  'change-s3-part-size',
  'check-codecs',
  'check-filter-exp',
  'check-s3-endpoint',
  'check-s3-network',
  'check-seeds',
  'check-tls',
  'continue-backup',
  'continue-pipe',
  'decompress-first',
  'grant-s3-permissions',
  'incomplete-backup',
  'install-zstd',
  'move-state-file',
  'name-file-or-directory',
  'omit-metadata',
  'overlapping-directories',
  'read-pipe',
  'repeat-options',
  'replace-file',
  'replace-files',
  'replace-own-files',
  'set-credentials',
  'set-s3-credentials',
  'set-s3-region',
  'source-namespace',
  'start-again',
  'start-again-removing',
  'use-key-file',
  'use-services-alternate',
  'write-directory',
] as const;

export type HintId = (typeof HINT_IDS)[number];

/** Who shows an error: the commands, the library, or the service. */
export type FrontEnd = 'cli' | 'api' | 'rest';
