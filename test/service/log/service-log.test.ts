import { describe, expect, it } from 'vitest';
import { ToolError } from '../../../src/core/errors.js';
import { errorEvent, logEvent, warningEvent } from '../../../src/core/log.js';
import { ServiceLog, type ServiceLogOptions } from '../../../src/service/log/service-log.js';

function createLog(options: Partial<ServiceLogOptions> = {}): { log: ServiceLog; lines: string[] } {
  const lines: string[] = [];
  const log = new ServiceLog({
    level: 'INFO',
    format: 'PLAIN',
    write: (line) => lines.push(line),
    now: () => new Date('2026-05-02T01:00:00Z'),
    ...options,
  });
  return { log, lines };
}

describe('ServiceLog', () => {
  it('writes one line of pairs for an event, with values in quotes where they need them', () => {
    const { log, lines } = createLog();
    log.info(logEvent('catalog.namespace', 'It goes on', { id: 'a b', namespace: 'test' }));
    expect(lines).toEqual([
      'time=2026-05-02T01:00:00.000Z level=INFO msg="It goes on" event=catalog.namespace id="a b" namespace=test\n',
    ]);
  });

  it('writes one JSON object for an event where the format is JSON', () => {
    const { log, lines } = createLog({ format: 'JSON' });
    log.withFields({ routine: 'nightly' }).info(logEvent('merge.done', 'Merged', { records: 3 }), 2);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: '2026-05-02T01:00:00.000Z',
        level: 'INFO',
        msg: 'Merged',
        routine: 'nightly',
        event: 'merge.done',
        worker: 2,
        records: 3,
      },
    ]);
  });

  for (const [level, shown] of [
    ['TRACE', ['DEBUG', 'INFO', 'WARN', 'ERROR']],
    ['DEBUG', ['DEBUG', 'INFO', 'WARN', 'ERROR']],
    ['INFO', ['INFO', 'WARN', 'ERROR']],
    ['WARN', ['WARN', 'ERROR']],
    ['WARNING', ['WARN', 'ERROR']],
    ['ERROR', ['ERROR']],
  ] as const) {
    it(`shows ${shown.join(', ')} where the level is ${level}`, () => {
      const { log, lines } = createLog({ level });
      log.verbose('one');
      log.info('two');
      log.info(warningEvent('serve.sindexes', 'three'));
      log.error('four');
      expect(lines.map((line) => /level=(\w+)/.exec(line)![1])).toEqual(shown);
    });
  }

  it('shows no secret, in the text, in a field, in a list, or in the fields of all lines', () => {
    const { log, lines } = createLog({ redact: (text) => text.replaceAll('pass phrase', '[secret]') });
    const one = log.withFields({ routine: 'pass phrase' });
    one.error(
      logEvent('cluster.node-unreachable', 'a pass phrase', { reason: 'pass phrase', addresses: ['pass phrase'] }),
    );
    expect(lines[0]).not.toContain('pass phrase');
    expect(lines[0]!.match(/\[secret\]/g)).toHaveLength(4);
  });

  it('keeps an event on one line, whatever its text has', () => {
    const { log, lines } = createLog();
    log.info('a\nb\u001b[31m\r"c"');
    expect(lines.join('').match(/\n/g)).toHaveLength(1);
    expect(lines[0]).not.toContain('\u001b');
  });

  it('adds the remedy of an error in the terms of the configuration', () => {
    const { log, lines } = createLog();
    log.error(errorEvent(new ToolError('X', 'The part is too small', { hint: 'change-s3-part-size' })));
    expect(lines[0]).toContain('Set another min-part-size.');
  });
});
