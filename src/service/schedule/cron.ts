/**
 * Times of a schedule: `second minute hour day-of-month month day-of-week [year]`, or a short form such as `@daily`.
 * Days of the week have the numbers of Quartz: 1 = Sunday.
 */
import { Cron as Pattern } from 'croner';
import { errorMessage } from '../../core/errors.js';
import { checkTimeZone, resolveTimeZone } from './time-zone.js';

const SHORT_FORMS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 ? * 1',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
};

/** A number that no day of the week has; what follows `#` and `/` is none of a day. */
const NO_DAY = /(?<![#/\d])(?:0|[89]|\d{2,})/;

/** When a routine is due. */
export interface Cron {
  readonly text: string;
  readonly pattern: Pattern;
}

/** What is wrong with a schedule, as one line; undefined = nothing. `zone`: as in a document; absent = UTC. */
export function checkCron(text: string, zone?: string): string | undefined {
  const wrongZone = zone === undefined ? undefined : checkTimeZone(zone);
  if (wrongZone !== undefined) return wrongZone;
  try {
    parseCron(text, zone);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

/** Throws an Error that says what is wrong with the text. */
export function parseCron(text: string, zone?: string): Cron {
  const fail = (what: string): Error => new Error(`invalid cron "${text}": ${what}`);
  const trimmed = text.trim();
  const short = SHORT_FORMS[trimmed.toLowerCase()];
  if (trimmed.startsWith('@') && short === undefined) {
    throw fail(`the short forms are ${Object.keys(SHORT_FORMS).join(', ')}`);
  }
  const fields = (short ?? trimmed).split(/\s+/);
  if (fields.length < 6 || fields.length > 7) {
    const expected = 'expected are 6 or 7: second minute hour day-of-month month day-of-week [year]';
    throw fail(`it has ${text.trim() === '' ? 0 : fields.length} fields; ${expected}`);
  }
  if (NO_DAY.test(fields[5]!)) throw fail(`days of the week are 1 (Sunday) to 7 or SUN to SAT, not ${fields[5]!}`);
  try {
    const pattern = new Pattern(fields.join(' '), {
      paused: true,
      mode: '6-or-7-parts',
      timezone: resolveTimeZone(zone),
      alternativeWeekdays: true,
      // `0/30` is what Quartz writes for every 30 from 0 on.
      sloppyRanges: true,
      // A schedule of certain hours runs once in an hour that comes twice.
      fixedTimeRule: 'no-wildcard',
    });
    return { text, pattern };
  } catch (error) {
    throw fail(errorMessage(error).replace(/^Cron\w+: /, ''));
  }
}

/**
 * The first time of the schedule after `afterMs`, both in milliseconds since 1970; undefined = there is none. A local
 * time that a change of the clocks leaves out is none.
 */
export function nextTime({ pattern }: Cron, afterMs: number): number | undefined {
  for (let from = new Date(afterMs); ;) {
    const next = pattern.nextRun(from);
    if (next === null) return undefined;
    // The library moves a time that is left out to the end of the gap, where the pattern does not hold.
    if (pattern.match(next)) return next.getTime();
    from = next;
  }
}

/** Whether the schedule has the second that begins at `timeMs`. */
export function isDueAt(cron: Cron, timeMs: number): boolean {
  const second = Math.floor(timeMs / 1000) * 1000;
  return nextTime(cron, second - 1) === second;
}
