import { EVENT_TYPES } from '../../events/event.js';
import { matchesType } from '../../events/event-pattern.js';
import { joinPath } from '../json-schema.js';
import type { ServiceDocument } from '../schema/service-document.js';
import type { Webhook } from '../schema/webhook.js';
import { checkSecrets } from './common-rules.js';

const LEAST_SECRET_LENGTH = 16;

/** What the schema of a webhook cannot say. */
export function checkWebhook(webhook: Webhook, document: ServiceDocument, where: string): string[] {
  const { url, events = [], routines = [], secret } = webhook;
  const place = joinPath(where, 'secret');
  return [
    ...checkUrl(url, joinPath(where, 'url')),
    ...events.flatMap((pattern, i) => {
      if (pattern === '*' || EVENT_TYPES.some((type) => matchesType(type, pattern))) return [];
      return [
        `${where}.events[${i}]: ${JSON.stringify(pattern)} is no type of events; allowed: ${EVENT_TYPES.join(', ')}`,
      ];
    }),
    ...routines.flatMap((name, i) => {
      const isKnown = Object.hasOwn(document['backup-routines'] ?? {}, name);
      return isKnown ? [] : [`${where}.routines[${i}]: ${JSON.stringify(name)} is not in backup-routines`];
    }),
    ...checkSecrets(webhook, { [place]: secret }, document, where),
    ...(secret.length < LEAST_SECRET_LENGTH ? [`${place}: expected at least ${LEAST_SECRET_LENGTH} characters`] : []),
  ];
}

function checkUrl(text: string, where: string): string[] {
  const problem = [`${where}: expected an http or https URL`];
  if (!URL.canParse(text)) return problem;
  const { protocol, hash } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && hash === '' ? [] : problem;
}
