import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ProgressBar } from '../../../src/ui/progress/bar.js';
import type { Progress } from '../../../src/ui/progress/display.js';
import {
  ASCII,
  progressLine,
  summaryLines,
  workerLines,
  type Theme,
} from '../../../src/ui/progress/terminal-renderer.js';
import { backupSummary, countText, restoreSummary, sizeText } from '../../../src/ui/summary.js';

/** What a terminal of one line per row would show; enough for the sequences that a bar uses. */
function createScreen(output: string): string[] {
  const rows = [''];
  // eslint-disable-next-line no-control-regex
  for (const [token] of output.matchAll(/\x1b\[\??\d*[a-zA-Z]|\x1b[78]|\n|\r|[^\x1b\r\n]+/g)) {
    if (token === '\n') rows.push('');
    else if (token === '\x1b[2K') rows[rows.length - 1] = '';
    // A line is always drawn from its start and over its whole length.
    else if (token === '\x1b[1G') rows[rows.length - 1] = '';
    else if (!token.startsWith('\x1b') && token !== '\r') rows.push((rows.pop() ?? '') + token);
  }
  return rows;
}

function terminal(columns = 100) {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns, rows: 24 });
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { stream, rows: () => createScreen(text) };
}

const progress: Progress = {
  percent: 42,
  records: 1234567,
  bytes: 0,
  recordsPerSecond: 1234.5,
  mibPerSecond: 5.67,
  etaSeconds: 3661,
  workers: [],
};

const worker = (records: number, doing: string | undefined) => ({
  records,
  recordsPerSecond: 617,
  mibPerSecond: 2.8,
  doing,
});

describe('a progress bar', () => {
  it('shows percent, rates and the time that is left', async () => {
    const { stream, rows } = terminal();
    const bar = await ProgressBar.on(stream);
    bar.start();
    bar.update(progress);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(rows().at(-1)).toMatch(/^#{12}-{18} {2}42% \| 1,234,567 rec \| 1,235 rec\/s \| 5\.7 MiB\/s \| ETA 1h1m1s$/);
    bar.stop();
  });

  it('stays below the log, and leaves nothing behind', async () => {
    const { stream, rows } = terminal();
    const bar = await ProgressBar.on(stream);
    bar.writeAbove('before\n');
    bar.start();
    bar.update(progress);
    bar.writeAbove('between\n');
    expect(rows()).toEqual(['before', 'between', expect.stringContaining('42%')]);
    bar.update({ ...progress, percent: 99, etaSeconds: undefined });
    bar.stop();
    bar.writeAbove('after\n');
    expect(rows()).toEqual(['before', 'between', 'after', '']);
  });

  it('shows what the workers do when asked to, and the table last of all', async () => {
    const { stream, rows } = terminal();
    const bar = await ProgressBar.on(stream, { workers: true });
    bar.start();
    bar.update({ ...progress, workers: [worker(1000, 'partition 7'), worker(20, undefined)] });
    bar.writeAbove('a line\n');
    expect(rows().slice(-3)).toEqual([
      expect.stringContaining('42%'),
      '  0 | 1,000 rec | 617 rec/s |   2.8 MiB/s | partition 7',
      '  1 |    20 rec | 617 rec/s |   2.8 MiB/s | idle',
    ]);
    bar.summarize(backupSummary({ records: 5, sindexes: 0, udfs: 0, bytes: 9, files: ['f'], durationMs: 10 }));
    bar.end();
    expect(rows().at(-1)).toBe('');
    expect(rows().at(-2)).toMatch(/^ {2}Duration +0\.01 s$/);
  });
});

const plain: Theme = { ...ASCII, paint: (_kind, text) => text };

describe('lines of a screen', () => {
  it('are never wider than it, and keep what tells most', () => {
    for (let columns = 1; columns <= 140; columns++) {
      const workers = Array.from({ length: 9 }, (_, i) => worker(i * 1000, `${i} partitions from 0 to 4095`));
      const summary = restoreSummary({
        ...{ records: 1e9, sindexes: 1, udfs: 1, bytes: 1e12, textBytes: 3e12, inserted: 1e9, expired: 1, skipped: 1 },
        ...{ ignored: 1, existed: 1, fresher: 1, failed: 1, retries: 1, inDoubt: 1, durationMs: 1e8 },
      });
      const lines = [...workerLines(workers, columns, 4, plain), ...summaryLines(summary, columns, plain)];
      for (const line of lines) expect(line.length, line).toBeLessThan(Math.max(2, columns));
      if (columns > 6) expect(progressLine(progress, columns, plain).length).toBeLessThan(columns);
    }
    expect(progressLine(progress, 60, plain)).toBe('######---------  42% | 1,235 rec/s | 5.7 MiB/s | ETA 1h1m1s');
    expect(progressLine(progress, 40, plain)).toMatch(/^[#-]+ {2}42% \| ETA 1h1m1s$/);
  });

  it('say how many workers there is no room for', () => {
    const workers = Array.from({ length: 9 }, () => worker(1, 'x'));
    expect(workerLines(workers, 80, 4, plain)).toHaveLength(4);
    expect(workerLines(workers, 80, 4, plain)[3]).toBe('  and 6 more worker(s)');
  });

  it('show no bar when nobody knows how much there is', () => {
    expect(progressLine({ ...progress, percent: undefined }, 80, plain)).toBe(
      '1,234,567 rec | 1,235 rec/s | 5.7 MiB/s',
    );
  });

  it('tell the ratio of a compressed backup, and none of a plain one', () => {
    const figures = { records: 1, sindexes: 0, udfs: 0, bytes: 1000, files: [], durationMs: 1000 };
    const lines = (textBytes: number) => summaryLines(backupSummary({ ...figures, textBytes }), 80, plain).join('\n');
    expect(lines(4000)).toMatch(/Text +3\.9 KiB +4\.00 : 1 \(25\.0% stored\)/);
    expect(lines(999)).not.toContain('Text');
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567890, '1,234,567,890'],
  ])('count %d', (count, text) => {
    expect(countText(count)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [5 * 1024 ** 5 * 1024, '5120.0 PiB'],
  ])('size %d', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  it('are colored only when asked to', async () => {
    const shown = async (color: boolean) => {
      const { stream } = terminal();
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const bar = await ProgressBar.on(stream, { color: color });
      bar.summarize(backupSummary({ records: 5, sindexes: 0, udfs: 0, bytes: 9, files: [], durationMs: 10 }));
      bar.end();
      return text;
    };
    expect(await shown(true)).toContain('\x1b[32m-- Backup complete');
    expect(await shown(false)).not.toContain('\x1b[32m');
  });
});
