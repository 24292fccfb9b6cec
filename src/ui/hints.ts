/** The remedies that errors name, in the terms of each front end. */
import type { HintId } from '../core/hint.js';

export type FrontEnd = 'cli' | 'api' | 'rest';

/** `rest` falls back on `api`. */
interface HintTexts {
  cli: string;
  api: string;
  rest?: string;
}

const HINTS: Readonly<Record<HintId, HintTexts>> = {
  'allow-incomplete': {
    cli: 'With --allow-incomplete, a backup of which parts are missing is restored without an error.',
    api: 'With allowIncomplete, a backup of which parts are missing is restored without an error.',
  },
  'check-seeds': {
    cli: 'Check --host and --port.',
    api: 'Check hosts and port.',
    rest: 'Check seed-nodes.',
  },
  'check-tls': {
    cli: 'Check --tls-enable and --tls-cafile.',
    api: 'Check tls.',
  },
  'incomplete-backup': {
    cli: 'Look for the missing files; asrestore --allow-incomplete restores what is there.',
    api: 'Look for the missing files; restore() with allowIncomplete restores what is there.',
  },
  'overlapping-directories': {
    cli: 'With --apply-increment, the directories are restored in the given order and later ones win; with --unique, the first one wins.',
    api: 'With applyIncrement, the directories are restored in the given order and later ones win; with unique, the first one wins.',
  },
  'read-pipe': {
    cli: 'A pipe can be read with --input-file.',
    api: 'A pipe can be read with file.',
  },
  'set-credentials': {
    cli: 'Give --user and --password.',
    api: 'Give auth.user and auth.password.',
  },
  'source-namespace': {
    cli: 'Give --namespace FROM,TO with the namespace of the backup as FROM.',
    api: 'Set namespace to { from, to } with the namespace of the backup as from.',
  },
  'use-services-alternate': {
    cli: 'If the nodes have alternate addresses for clients outside, give --services-alternate.',
    api: 'If the nodes have alternate addresses for clients outside, set servicesAlternate.',
    rest: 'If the nodes have alternate addresses for clients outside, set use-services-alternate.',
  },
};

/** One or two sentences that say what the user can do. */
export function hintText(hint: HintId, frontEnd: FrontEnd): string {
  const texts = HINTS[hint];
  return frontEnd === 'rest' ? (texts.rest ?? texts.api) : texts[frontEnd];
}
