/**
 * Takes out of an output what is another every time: times, process numbers, rates, ports, paths of temporary
 * directories. What does not have exactly the expected form stays, so that a changed form shows up as a difference.
 */
import { createHash } from 'node:crypto';
import { JSON_KEYS, findKind, LOG_KINDS, MACHINE_KINDS } from './kinds.js';

export interface Surroundings {
  pid: number;
  /** One per node. */
  ports: readonly number[];
  /** Of other servers, by the name that they get. */
  otherPorts?: Readonly<Record<string, number>>;
  /** The directory that the commands run in. */
  dir: string;
  fixtures: string;
  /** Several workers speak: which of them says what, and how much one has done, is left out; the lines are sorted. */
  unordered?: boolean;
  /** The run stops somewhere: how many records it has done by then is left out. */
  maskCounts?: boolean;
  /**
   * Progress lines are shown, without their numbers; by default they are left out, since a slow run has more of them.
   */
  showProgress?: boolean;
}

/** Bytes as text: UTF-8 if they are, else with escapes. */
export function readable(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  const shown = Buffer.from(text).equals(bytes) ? text : bytes.toString('latin1').replace(/[\x80-\xff]/g, hex);
  // eslint-disable-next-line no-control-regex
  return shown.replace(/[\x00-\x09\x0b-\x1f\x7f]/g, hex);
}

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** Paths and ports, in any text. */
export function placesOut(text: string, { dir, fixtures, ports, otherPorts = {} }: Surroundings): string {
  let out = text.replaceAll(dir, '<dir>').replaceAll(fixtures, '<fixtures>');
  ports.forEach((port, i) => {
    out = replacePort(out, port, ports.length === 1 ? '<port>' : `<port ${i + 1}>`);
  });
  for (const [name, port] of Object.entries(otherPorts)) out = replacePort(out, port, `<port of ${name}>`);
  return out;
}

function replacePort(text: string, port: number, name: string): string {
  return text.replace(new RegExp(`(?<=127\\.0\\.0\\.1[: ]|-p |port )${port}(?!\\d)`, 'g'), name);
}

const TEXT_LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT \[(INF|ERR|VER)\] \[([ \d]{5})\] (.*)$/s;
const MOST_WORKERS = 4096;

/** The log: two columns, what kind of line it is, and the line. */
export function logText(stderr: Buffer, around: Surroundings): string {
  const text = placesOut(readable(stderr), around);
  const lines = splitLines(text).map((line) => {
    const [, tag = '', thread = '', message] = TEXT_LINE.exec(line) ?? [];
    if (message === undefined)
      return line.startsWith('{') ? jsonLine(line, around) : { shown: line, text: line, info: false };
    const clean = cleanText(message, around);
    const shown = `<time> GMT [${tag}] [${threadName(thread, around)}] ${clean}`;
    return { shown, text: clean, info: tag === 'INF' };
  });
  const kept = withoutRepeatedRetries(around.showProgress === true ? withFirstProgress(lines) : withoutProgress(lines));
  const columns = kept.map(({ shown, text: said, info }) => {
    const isRead = info && findKind(said, LOG_KINDS) !== undefined;
    return `${isRead ? 'C' : ' '} | ${shown}`;
  });
  return ended(around.unordered === true ? columns.sort() : columns, text);
}

interface Line {
  /** As it goes into the golden file. */
  shown: string;
  /** What it says. */
  text: string;
  /** With the tag `[INF]`, or of its level in JSON. */
  info: boolean;
}

function threadName(thread: string, { pid, unordered }: Surroundings): string {
  const worker = (Number(thread) - (pid % 100_000) + 100_000) % 100_000;
  const expected = String((pid + worker) % 100_000).padStart(5);
  if (thread !== expected || worker > MOST_WORKERS) return thread;
  if (unordered === true) return '<pid+n>';
  return worker === 0 ? '<pid>' : `<pid+${worker}>`;
}

/** Key by key, since the order of the keys is a part of the output. */
function jsonLine(line: string, around: Surroundings): Line {
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { shown: line, text: line, info: false };
  }
  const keys = Object.keys(parsed).join(',');
  const message = cleanText(String(parsed.message), around);
  if (keys !== JSON_KEYS.join(',')) return { shown: line, text: message, info: false };
  const shown = {
    ...parsed,
    time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(parsed.time)) ? '<time>' : parsed.time,
    pid: parsed.pid === around.pid ? '<pid>' : parsed.pid,
    message,
    fields: cleanFields(String(parsed.event), parsed.fields as Record<string, unknown>, around),
  };
  return { shown: JSON.stringify(shown), text: message, info: parsed.level === 'info' };
}

/** Fields that differ from run to run. */
const VARYING_FIELDS = ['durationMs', 'recordsPerSecond', 'bytesPerSecond'];

function cleanFields(
  event: string,
  fields: Record<string, unknown>,
  { unordered, maskCounts }: Surroundings,
): Record<string, unknown> {
  const varying = [
    ...VARYING_FIELDS,
    ...(unordered === true ? ['worker', ...(event === 'job.done' ? ['bytes'] : [])] : []),
    ...(maskCounts === true && event !== 'cluster.records'
      ? ['records', 'bytes', 'inserted', 'percent', 'seconds']
      : []),
  ];
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      varying.includes(name) && typeof value === 'number' && value >= 0 ? '<n>' : value,
    ]),
  );
}

const ETA = String.raw`(?:(?:(?:\d+d)?\d+h)?\d+m)?\d+s|>100d`;
const PROGRESS = new RegExp(
  String.raw`^(?:\d+% complete \(~\d+ KiB/s, ~\d+ rec/s, ~\d+ B/rec\)|~(?:${ETA}) remaining|\d+% complete, ~(?:${ETA}) remaining)$`,
);
const PROGRESS_TEXT = /^(?:<n>% complete \(.*\)|~<eta> remaining|<n>% complete, ~<eta> remaining)$/;
const COUNTERS = /^\d+ UDF file\(s\), \d+ secondary index\(es\), (?:\d+|<n>) record\(s\) \(<n> rec/;
/** What the lines of one moment begin with. */
const FIRST_OF_PROGRESS = /^(?:<n>% complete \(|\d+ UDF file)/;
const SUMMARY = /^Expired \d+ : /;

function cleanText(text: string, { maskCounts, unordered }: Surroundings): string {
  if (PROGRESS.test(text)) return masked(text.replace(new RegExp(`~(?:${ETA}) remaining`), '~<eta> remaining'));
  let out = text
    .replace(/(?<= (?:in|after|took) )\d+\.\d+ s(?= |:|$)/g, '<duration>')
    .replace(/\b\d+ rec\/s, \d+\.\d MiB\/s/g, '<rate>')
    .replace(/\(\d+ rec\/s, \d+ KiB\/s, \d+ B\/rec, /g, '(<n> rec/s, <n> KiB/s, <n> B/rec, ')
    .replace(/, \d+% complete \(~\d+ KiB\/s, ~\d+ rec\/s, ~\d+ B\/rec\)$/, masked);
  if (maskCounts === true) {
    out =
      COUNTERS.test(out) || SUMMARY.test(out)
        ? out.replace(/(?<=index\(es\), |inserted |retries: )\d+/g, '<n>')
        : out
            .replace(/\b\d+(?= (?:record|byte)\(s\)(?: so far| in total|, \d))/g, '<n>')
            .replace(/(?<=records: |size: |after |first |~)\d+(?=[ ,;:.])/g, '<n>')
            .replace(/\b\d+ of \d+(?= record\(s\) read were written)/, '<n> of <n>')
            .replace(/(?<=written, )\d+(?= were not)/, '<n>');
  }
  if (unordered === true) out = out.replace(/(?<=, size: )\d+ \(~\d+ B\/rec\)$/, '<n> (~<n> B/rec)');
  return out;
}

function masked(text: string): string {
  return text.replace(/\d+(?=% complete| KiB\/s| rec\/s| B\/rec)/g, '<n>');
}

/** How often a scan is retried depends on the time that the attempts take: the same line in a row is shown once. */
function withoutRepeatedRetries(lines: readonly Line[]): Line[] {
  return lines.filter(({ shown, text }, i) => !/^Reading \d+ partition/.test(text) || shown !== lines[i - 1]?.shown);
}

/** Of the counters that a restore tells every few seconds, the last ones; of other progress, nothing. */
function withoutProgress(lines: readonly Line[]): Line[] {
  const last = (pattern: RegExp): number => lines.findLastIndex(({ text, info }) => info && pattern.test(text));
  const [counters, summary] = [last(COUNTERS), last(SUMMARY)];
  return lines.filter(({ text, info }, i) => {
    if (!info) return true;
    if (COUNTERS.test(text)) return i === counters;
    if (SUMMARY.test(text)) return i === summary;
    return !PROGRESS_TEXT.test(text);
  });
}

/** The first lines of progress that foretell the rest. Those before and after them come whenever a second is over. */
function withFirstProgress(lines: readonly Line[]): Line[] {
  const kept: Line[] = [];
  let group: Line[] = [];
  let isShown = false;
  const close = (): void => {
    if (!isShown && group.some(({ text }) => text.endsWith(' remaining'))) {
      kept.push(...group);
      isShown = true;
    }
    group = [];
  };
  for (const line of lines) {
    const isProgress = line.info && [PROGRESS_TEXT, COUNTERS, SUMMARY].some((pattern) => pattern.test(line.text));
    if (!isProgress || FIRST_OF_PROGRESS.test(line.text)) close();
    (isProgress ? group : kept).push(line);
  }
  close();
  return kept;
}

/** The file of `--machine`. A slow run tells its progress more often. */
export function machineText(bytes: Buffer, around: Surroundings): string {
  const text = readable(bytes);
  const summary = (line: string): string =>
    around.maskCounts === true && /^SUMMARY:[\d: ]+$/.test(line) ? line.replace(/[1-9]\d*/g, '<n>') : line;
  const lines = splitLines(text)
    .map((line) =>
      line.replace(/^PROGRESS:\d+$/, 'PROGRESS:<n>').replace(new RegExp(`^REMAINING:(?:${ETA})$`), 'REMAINING:<eta>'),
    )
    .map(summary)
    .filter((line, i, all) => {
      if (line !== 'PROGRESS:<n>' && line !== 'REMAINING:<eta>') return true;
      return around.showProgress === true && all.indexOf(line) === i;
    });
  return ended(
    lines.map((line) => `${findKind(line, MACHINE_KINDS) === undefined ? ' ' : 'C'} | ${line}`),
    text,
  );
}

/** A state file: who wrote it, where, and how far it had come if that is left to chance. */
export function stateText(bytes: Buffer, around: Surroundings): string {
  const text = placesOut(readable(bytes), around)
    .replace(/("pid": ?)\d+/, '$1"<pid>"')
    .replace(/("host": ?)"[^"]+"/, '$1"<host>"')
    .replace(/("runId": ?)"[0-9a-f-]{36}"/, '$1"<run id>"')
    .replace(/("(?:tail|checksum)": ?)"[0-9a-f]{64}"/g, '$1"<hash>"')
    .replace(/("saved": ?)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/, '$1"<time>"')
    .replace(/("vector": ?)"[0-9a-f]{32}"/g, '$1"<vector>"');
  if (around.maskCounts !== true) return text;
  return text
    .replace(/("(?:records|bytes)": ?)\d+/g, '$1"<n>"')
    .replace(/("done": ?)"[\d,-]*"/, '$1"<partitions>"')
    .replace(/("after": ?)\{[^{}]*\}/, '$1"<digests>"');
}

/** The time at which a record expires that was restored a moment ago; those of the data stay. */
export function backupText(bytes: Buffer, lasting: number): string {
  return readable(bytes).replace(/^\+ t (\d+)$/gm, (line, time: string) =>
    time === '0' || Number(time) === lasting ? line : '+ t <time>',
  );
}

/** All records of backup files, in whatever order: what matters is that each is there once. They must have no keys. */
export function sortedRecords(files: readonly Buffer[]): string {
  const records = files.flatMap((file) =>
    file
      .toString('latin1')
      .split(/^(?=\+ n )/m)
      .slice(1),
  );
  const digests = new Set(records.map((record) => /^\+ d (\S+)$/m.exec(record)?.[1]));
  const hash = createHash('sha256').update(records.sort().join('')).digest('hex');
  return `${records.length} records, ${digests.size} digests, sha256 of the sorted records ${hash}\n`;
}

export function hashText(bytes: Buffer): string {
  return `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}\n`;
}

function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Whether the last line was ended is a part of the output. */
function ended(lines: readonly string[], text: string): string {
  if (lines.length === 0) return '';
  return `${lines.join('\n')}\n${text.endsWith('\n') ? '' : '(no line feed at the end)\n'}`;
}
