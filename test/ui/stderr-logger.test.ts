import { describe, expect, it } from 'vitest';
import { StderrLogger } from '../../src/ui/stderr-logger.js';

function writer(verbose = false, pid = 8554) {
  const lines: string[] = [];
  const now = () => new Date(Date.UTC(2026, 10, 20, 9, 46, 18, 999));
  return { lines, log: new StderrLogger({ verbose, pid, now, write: (line) => void lines.push(line) }) };
}

describe('log lines', () => {
  it('look as those of the C tool, one write each', () => {
    const { lines, log } = writer();
    log.info('Processing 1 node(s)');
    log.error('no');
    log.info('Node ID             Objects        Replication    ');
    expect(lines).toEqual([
      '2026-11-20 09:46:18 GMT [INF] [ 8554] Processing 1 node(s)\n',
      '2026-11-20 09:46:18 GMT [ERR] [ 8554] no\n',
      '2026-11-20 09:46:18 GMT [INF] [ 8554] Node ID             Objects        Replication    \n',
    ]);
    const header = /^\d{4}-\d{2}-\d{2} \d{1,2}:\d{2}:\d{2} (?:GMT|UTC) \[INF\] \[[\s\d]+\] Processing/;
    expect(lines[0]).toMatch(header);
  });

  it('show verbose ones only when asked', () => {
    const quiet = writer();
    quiet.log.verbose('x');
    expect(quiet.lines).toEqual([]);
    quiet.log.verboseLines = true;
    quiet.log.verbose('x', 2);
    expect(quiet.lines).toEqual(['2026-11-20 09:46:18 GMT [VER] [ 8556] x\n']);
    const loud = writer(true);
    loud.log.verbose('x');
    expect(loud.lines).toHaveLength(1);
  });

  it.each([
    [7, undefined, '[    7]'],
    [4194303, undefined, '[94303]'],
    [99999, 1, '[    0]'],
    [99999, 20, '[   19]'],
    [12345, 0, '[12345]'],
  ])('number the threads: %d, worker %s', (pid, worker, text) => {
    const { lines, log } = writer(false, pid);
    log.info('x', worker);
    expect(lines[0]).toContain(` ${text} x\n`);
  });

  it('show C1 controls, bidi marks and line separators as escapes, which would command the terminal of a reader', () => {
    const { lines, log } = writer();
    log.info('set \u009b31m \u202egnp.asb \u2028next');
    expect(lines[0]).toContain('set \\x9b31m \\u202egnp.asb \\u2028next\n');
  });

  it('stay one line whatever a name contains', () => {
    const { lines, log } = writer();
    log.info('a\nb\r\u001b[31m\u0000\u007f\tä');
    expect(lines[0]).toMatch(/\] a\\x0ab\\x0d\\x1b\[31m\\x00\\x7f\tä\n$/);
  });

  it('are cut below 10000 bytes, never inside a character', () => {
    for (const shift of ['', 'x', 'xx']) {
      const { lines, log } = writer();
      log.info(shift + '€'.repeat(10_000));
      const [line] = lines;
      expect(Buffer.byteLength(line!)).toBeLessThanOrEqual(9_999);
      expect(Buffer.byteLength(line!)).toBeGreaterThan(9_990);
      expect(line).toMatch(/\] x*€+\.\.\.\n$/);
    }
  });

  it('are whole up to that length', () => {
    const { lines, log } = writer();
    log.info('x'.repeat(9_998 - 38));
    expect(lines[0]).not.toContain('...');
    expect(lines[0]).toHaveLength(9_999);
    log.info('x'.repeat(9_999 - 38));
    expect(lines[1]).toMatch(/x\.\.\.\n$/);
    expect(lines[1]).toHaveLength(9_999);
  });
});
