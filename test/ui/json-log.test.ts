import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { jsonForm, StderrLogger } from '../../src/ui/stderr-logger.js';
import { LOG_EVENT_GROUPS } from '../../src/core/log-events.js';
import { errorEvent, logEvent, warningEvent } from '../../src/core/log.js';
import { ToolError } from '../../src/core/errors.js';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

function writer(redact?: (text: string) => string) {
  const lines: string[] = [];
  const log = new StderrLogger({
    verbose: true,
    pid: 7,
    now: () => new Date(Date.UTC(2026, 10, 20, 9, 46, 18, 204)),
    write: (line) => void lines.push(line),
    form: jsonForm('asbackup'),
    ...(redact === undefined ? {} : { redact }),
  });
  return { log, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>), lines };
}

describe('JSON lines', () => {
  it('hold time, level, event, text and fields', () => {
    const { log, parsed } = writer();
    log.info(logEvent('file.checked', 'done', { records: 3, path: ['a'], sound: true }), 2);
    log.verbose('plain');
    log.info(warningEvent('target.space', 'little'));
    log.error(errorEvent(new ToolError('NET_CONNECT', 'No.')));
    const head = { time: '2026-11-20T09:46:18.204Z', tool: 'asbackup', pid: 7 };
    const fields = { worker: 2, records: 3, path: ['a'], sound: true };
    expect(parsed()).toEqual([
      { ...head, level: 'info', event: 'file.checked', message: 'done', fields },
      { ...head, level: 'debug', event: 'message', message: 'plain', fields: {} },
      { ...head, level: 'warn', event: 'target.space', message: 'Warning: little', fields: {} },
      { ...head, level: 'error', event: 'error', message: 'No.', fields: { code: 'NET_CONNECT' } },
    ]);
  });

  it('are one line each, whatever a name holds', () => {
    const { log, lines } = writer();
    log.info(logEvent('file.start', 'a\nb"\u2028', { path: '\u001b[31m\n' }));
    expect(lines[0]!.match(/\n/g)).toHaveLength(1);
    // eslint-disable-next-line no-control-regex
    expect(lines[0]).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  it('hide secrets in texts and fields alike', () => {
    const { log, lines } = writer((text) => text.replaceAll('hush', '<secret>'));
    log.info(logEvent('backup.start', 'of hush', { namespace: 'hush', sets: ['x', 'hush'] }));
    expect(lines[0]).not.toContain('hush');
    expect(lines[0]!.match(/<secret>/g)).toHaveLength(3);
  });
});

it('every event of the table is used in the code, so that none is documented that no run logs', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((name) => name.endsWith('.ts') && !name.endsWith('log-events.ts'))
    .map((name) => readFileSync(join(SRC, name), 'utf8'));
  const names = LOG_EVENT_GROUPS.flatMap(({ events }) => Object.keys(events));
  expect(names.filter((name) => !texts.some((text) => text.includes(`'${name}'`)))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});
