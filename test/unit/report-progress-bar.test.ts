import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ProgressBar } from '../../src/report/progress-bar.js';

/** What a terminal of one line per row would show; enough for the sequences that a bar uses. */
function screenOf(output: string): string[] {
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

function terminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { stream, rows: () => screenOf(text) };
}

const progress = { percent: 42, recordsPerSecond: 1234.5, mibPerSecond: 5.67, etaSeconds: 3661 };

describe('a progress bar', () => {
  it('shows percent, rates and the time that is left', async () => {
    const { stream, rows } = terminal();
    const bar = await ProgressBar.on(stream);
    bar.start();
    bar.update(progress);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(rows().at(-1)).toMatch(/^#{10,11}-{14,15} 42% \| 1235 rec\/s \| 5\.7 MiB\/s \| ETA 1h1m1s$/);
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
});
