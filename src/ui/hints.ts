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
  'check-seeds': {
    cli: 'Check --host and --port.',
    api: 'Check hosts and port.',
    rest: 'Check seed-nodes.',
  },
  'check-tls': {
    cli: 'Check --tls-enable and --tls-cafile.',
    api: 'Check tls.',
  },
  'set-credentials': {
    cli: 'Give --user and --password.',
    api: 'Give auth.user and auth.password.',
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
