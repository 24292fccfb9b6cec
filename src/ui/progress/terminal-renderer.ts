/** The lines that a person sees on a terminal, made to fit its width. Pure: no line is longer than asked for. */
import type { Progress, WorkerProgress } from './display.js';
import { countText, type Summary, type Tone } from '../summary.js';
import { etaText } from '../format-duration.js';

/** How a terminal is drawn on. The painters add what has no width. */
export interface Theme {
  readonly done: string;
  readonly rest: string;
  readonly rule: string;
  readonly more: string;
  paint(kind: Tone | 'done' | 'rest', text: string): string;
}

export const ASCII = { done: '#', rest: '-', rule: '-', more: '...' } as const;
export const UNICODE = { done: '█', rest: '░', rule: '─', more: '…' } as const;

const MIN_BAR = 10;
const MAX_BAR = 30;
const SEPARATOR = ' | ';

/** Bar, percent, records, rates and the time that is left; what does not fit is left out, the least telling first. */
export function progressLine(progress: Progress, columns: number, style: Theme): string {
  const { percent, records, recordsPerSecond, mibPerSecond, etaSeconds } = progress;
  const count = `${countText(records)} rec`;
  const rate = `${countText(recordsPerSecond)} rec/s`;
  const bandwidth = `${mibPerSecond.toFixed(1)} MiB/s`;
  const eta = `ETA ${etaSeconds === undefined ? '-' : etaText(etaSeconds)}`;
  // A character in the last column makes some terminals begin a new line.
  const width = columns - 1;
  if (percent === undefined) return fit([[count, rate, bandwidth], [count, rate], [count]], 0, width).join(SEPARATOR);
  const share = `${percent}%`.padStart(4);
  const choices = [
    [share, count, rate, bandwidth, eta],
    [share, rate, bandwidth, eta],
    [share, rate, eta],
    [share, eta],
    [share],
  ];
  const parts = fit(choices, MIN_BAR + 1, width).join(SEPARATOR);
  const size = Math.min(MAX_BAR, Math.max(0, width - parts.length - 1));
  const done = Math.floor((size * Math.min(100, percent)) / 100);
  const bar = style.paint('done', style.done.repeat(done)) + style.paint('rest', style.rest.repeat(size - done));
  return `${bar} ${parts}`.slice(size === 0 ? 1 : 0);
}

/** The first choice that leaves `reserved` columns; the last if none does. */
function fit(choices: readonly string[][], reserved: number, width: number): string[] {
  const size = (parts: readonly string[]): number => parts.join(SEPARATOR).length + reserved;
  return choices.find((parts) => size(parts) <= width) ?? choices.at(-1)!;
}

/** One line per worker, `most` at most; the last tells of those that have none. */
export function workerLines(workers: readonly WorkerProgress[], columns: number, most: number, style: Theme): string[] {
  if (most < 1) return [];
  const shown = workers.length <= most ? workers : workers.slice(0, most - 1);
  const digits = String(Math.max(0, workers.length - 1)).length;
  const counts = shown.map(({ records }) => countText(records));
  const rates = shown.map(({ recordsPerSecond }) => countText(recordsPerSecond));
  const wide = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));
  const lines = shown.map(({ mibPerSecond, doing }, i) => {
    const parts = [
      `  ${String(i).padStart(digits)}`,
      `${counts[i]!.padStart(wide(counts))} rec`,
      `${rates[i]!.padStart(wide(rates))} rec/s`,
      `${mibPerSecond.toFixed(1).padStart(5)} MiB/s`,
      doing ?? 'idle',
    ];
    return style.paint(doing === undefined ? 'idle' : 'plain', shorten(parts.join(SEPARATOR), columns - 1, style));
  });
  const rest = workers.length - shown.length;
  if (rest > 0) lines.push(style.paint('idle', shorten(`  and ${rest} more worker(s)`, columns - 1, style)));
  return lines;
}

const TABLE_WIDTH = 60;

/** The table that ends a run. */
export function summaryLines({ title, complete, rows }: Summary, columns: number, style: Theme): string[] {
  const width = Math.min(TABLE_WIDTH, columns - 1);
  const labels = Math.max(...rows.map(({ label }) => label.length));
  const values = Math.max(...rows.map(({ value }) => value.length));
  const rule = style.rule.repeat(Math.max(0, width - title.length - 4));
  const head = shorten(`${style.rule.repeat(2)} ${title} ${rule}`, width, style);
  return [
    style.paint(complete ? 'good' : 'bad', head),
    ...rows.map(({ label, value, note, tone = 'plain' }) => {
      const text = `  ${label.padEnd(labels)}  ${value.padStart(values)}${note === undefined ? '' : `  ${note}`}`;
      return style.paint(tone, shorten(text, width, style));
    }),
  ];
}

function shorten(text: string, width: number, { more }: Theme): string {
  if (text.length <= width) return text;
  return text.slice(0, Math.max(0, width - more.length)) + more.slice(0, Math.max(0, width));
}
