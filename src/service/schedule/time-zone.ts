/** Zones of schedules, as a document names them. */

/** A name of the zone database with an area: abbreviations such as CET mean different times to different readers. */
const NAMED = /^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)+$/;

/** What is wrong with the name of a zone; undefined = nothing. */
export function checkTimeZone(name: string): string | undefined {
  if (isUtc(name) || isLocal(name)) return undefined;
  const allowed = 'allowed: UTC, Local or a name such as Europe/Berlin';
  if (!NAMED.test(name)) return `invalid time zone "${name}", ${allowed}`;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return undefined;
  } catch {
    return `unknown time zone "${name}", ${allowed}`;
  }
}

/** The name as Intl takes it. Throws nothing; an unknown name is for `checkTimeZone` to find. */
export function resolveTimeZone(name: string | undefined): string {
  if (name === undefined || isUtc(name)) return 'UTC';
  return isLocal(name) ? new Intl.DateTimeFormat().resolvedOptions().timeZone : name;
}

function isUtc(name: string): boolean {
  return name.toUpperCase() === 'UTC';
}

function isLocal(name: string): boolean {
  return name.toUpperCase() === 'LOCAL';
}
