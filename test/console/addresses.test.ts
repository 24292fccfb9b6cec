import { describe, expect, it } from 'vitest';
import { parseRename } from '../../src/console/actions/parse-rename.js';
import { SseParser } from '../../src/console/api/sse-parser.js';
import { formatRoute, parseRoute } from '../../src/console/routes.js';

describe('routes', () => {
  it('of any storage, id and routine, come back as they were', () => {
    const path = ['my storage', 'a/b?c#d%'];
    const hash = formatRoute('backups', path, { routine: 'nightly & co', state: undefined, q: '' });
    expect(parseRoute(hash)).toEqual({ section: 'backups', path, query: { routine: 'nightly & co' } });
  });

  it.each(['', '#', '#/', '#/nowhere', '#/nowhere/else?x=1'])('%s, the routines', (hash) => {
    expect(parseRoute(hash)).toEqual({ section: 'routines', path: [], query: {} });
  });

  it('with a percent sign that escapes nothing, as it stands', () => {
    expect(parseRoute('#/jobs/100%').path).toEqual(['100%']);
  });
});

describe('stream of events', () => {
  const text = ': alive\n\nid: 1\nevent: backup.started\ndata: {"a":1}\n\ndata: one\r\ndata: two\r\n\r\n';

  it('cut anywhere, the same events', () => {
    for (let cut = 0; cut <= text.length; cut++) {
      const parser = new SseParser();
      expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))], String(cut)).toEqual([
        '{"a":1}',
        'one\ntwo',
      ]);
    }
  });

  it('one that is not complete, nothing yet', () => {
    expect(new SseParser().push('data: {"a":1}\n')).toEqual([]);
  });
});

describe('parseRename', () => {
  it('several pairs, new names by old ones', () => {
    expect(parseRename(' orders = orders2 , users.premium=users.vip,')).toEqual({
      orders: 'orders2',
      'users.premium': 'users.vip',
    });
    expect(parseRename('')).toEqual({});
  });

  it.each(['orders', '= a', 'a =', 'a = b = c', 'a = b, a = c'])('%s, an error that says what is wrong', (text) => {
    expect(() => parseRename(text)).toThrow(/is not of the form|two new names/);
  });
});
