import type { Webhook } from '../document/schema/webhook.js';
import type { EventType, ServiceEvent } from './event.js';

/** What somebody who says nothing else wants to know of. */
const BY_DEFAULT = /\.(?:failed|canceled|rpo-missed)$/;

/** Whether a type is one of a pattern: itself, or `backup.*`. */
export function matchesType(type: EventType, pattern: string): boolean {
  return pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));
}

/** Progress has to be named: nobody wants one request a second by chance. */
export function wantsEvent({ events, routines }: Webhook, { type, routine }: ServiceEvent): boolean {
  if (routines !== undefined && (routine === undefined || !routines.includes(routine))) return false;
  if (events === undefined) return BY_DEFAULT.test(type);
  if (events.includes(type)) return true;
  if (type.endsWith('.progress')) return false;
  return events.some((pattern) => pattern === '*' || matchesType(type, pattern));
}
