import { describe, expect, it } from 'vitest';
import { checkCron, isDueAt, nextTime, parseCron } from '../../../src/service/schedule/cron.js';

/** The next times after `from`, in ISO form without milliseconds. */
function listTimes(text: string, zone: string | undefined, from: string, count = 3): string[] {
  const cron = parseCron(text, zone);
  const times: string[] = [];
  let after = Date.parse(from);
  while (times.length < count) {
    const next = nextTime(cron, after);
    if (next === undefined) break;
    times.push(new Date(next).toISOString().replace('.000Z', 'Z'));
    after = next;
  }
  return times;
}

describe('cron', () => {
  it('six fields, the first of them seconds', () => {
    expect(listTimes('0 0/30 * * * *', undefined, '2026-05-01T00:10:00Z', 2)).toEqual([
      '2026-05-01T00:30:00Z',
      '2026-05-01T01:00:00Z',
    ]);
    expect(listTimes('*/20 * * * * ?', undefined, '2026-05-01T00:00:00Z', 2)).toEqual([
      '2026-05-01T00:00:20Z',
      '2026-05-01T00:00:40Z',
    ]);
  });

  it('a seventh field, years', () => {
    expect(listTimes('0 0 1 ? JAN SUN 2030', undefined, '2026-05-01T00:00:00Z', 1)).toEqual(['2030-01-06T01:00:00Z']);
    expect(listTimes('0 0 1 * * * 2020', undefined, '2026-05-01T00:00:00Z')).toEqual([]);
  });

  it('days of the week, numbers of Quartz, 1 is Sunday', () => {
    expect(listTimes('0 0 1 ? * 1', undefined, '2026-05-01T00:00:00Z', 1)).toEqual(['2026-05-03T01:00:00Z']);
    expect(listTimes('0 0 1 ? * MON-FRI', undefined, '2026-05-01T12:00:00Z', 1)).toEqual(['2026-05-04T01:00:00Z']);
    expect(listTimes('0 0 1 ? * 7', undefined, '2026-05-01T00:00:00Z', 1)).toEqual(['2026-05-02T01:00:00Z']);
  });

  it.each([
    ['@hourly', '2026-05-01T13:00:00Z'],
    ['@daily', '2026-05-02T00:00:00Z'],
    ['@weekly', '2026-05-03T00:00:00Z'],
    ['@monthly', '2026-06-01T00:00:00Z'],
    ['@yearly', '2027-01-01T00:00:00Z'],
  ])('%s is a short form', (text, next) => {
    expect(listTimes(text, undefined, '2026-05-01T12:34:56Z', 1)).toEqual([next]);
  });

  it.each([
    ['0 0 1 * *', 'it has 5 fields'],
    ['', 'it has 0 fields'],
    ['@reboot', 'the short forms are'],
    ['@every 5s', 'the short forms are'],
    ['2026-05-02T00:00:00', 'it has 1 fields'],
    ['0 0 24 * * *', 'hour'],
    ['0 0 1 ? * 0', 'days of the week are 1 (Sunday)'],
    ['0 0 1 ? * 8', 'days of the week are 1 (Sunday)'],
    ['0 0 1 * FOO *', 'invalid cron "0 0 1 * FOO *"'],
  ])('"%s" is refused with its fault', (text, problem) => {
    expect(checkCron(text)).toContain(problem);
  });

  it('nth and last weekday are no numbers of days', () => {
    expect(checkCron('0 0 1 ? * 2#1')).toBeUndefined();
    expect(checkCron('0 0 1 ? * 6L')).toBeUndefined();
    expect(checkCron('0 0 1 ? * 2-6/2')).toBeUndefined();
  });

  it.each(['UTC', 'utc', 'Local', 'local', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'])('zone %s', (zone) => {
    expect(checkCron('@daily', zone)).toBeUndefined();
  });

  it.each(['CET', 'GMT+2', 'Europe/Nowhere', '', 'Europe/'])('zone "%s" is refused', (zone) => {
    expect(checkCron('@daily', zone)).toContain('time zone');
  });

  it('a local time that the change in spring leaves out, does not fire that day', () => {
    expect(listTimes('0 30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-30T00:30:00Z',
      '2026-03-31T00:30:00Z',
    ]);
  });

  it('a daily time in the hour that comes twice in autumn fires once', () => {
    expect(listTimes('0 30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ]);
    expect(listTimes('0 30 2,14 * * *', 'Europe/Berlin', '2026-10-24T13:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T13:30:00Z',
    ]);
  });

  it('each half hour goes on through both passes of the hour', () => {
    expect(listTimes('0 0/30 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', 4)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:00:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-25T02:00:00Z',
    ]);
  });

  it('whether a second is due', () => {
    const cron = parseCron('0 0 1 * * *');
    expect(isDueAt(cron, Date.parse('2026-05-01T01:00:00.700Z'))).toBe(true);
    expect(isDueAt(cron, Date.parse('2026-05-01T01:00:01Z'))).toBe(false);
  });
});
