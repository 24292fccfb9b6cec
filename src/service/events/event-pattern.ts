import type { EventType } from './event.js';

/** Whether a type is one of a pattern: itself, or `backup.*`. */
export function matchesType(type: EventType, pattern: string): boolean {
  return pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)));
}
