/**
 * What a user can do about an error. The engine names the remedy by an id; src/ui/hints.ts has a sentence for each in
 * the terms of each front end: `--host` on the command line, `hosts` in the library, `seed-nodes` in REST.
 */
export const HINT_IDS = [
  'allow-incomplete',
  'check-seeds',
  'check-tls',
  'incomplete-backup',
  'overlapping-directories',
  'read-pipe',
  'set-credentials',
  'source-namespace',
  'use-services-alternate',
] as const;

export type HintId = (typeof HINT_IDS)[number];
