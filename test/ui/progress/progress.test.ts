import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunProgress } from '../../../src/core/run.js';
import { ProgressReporter } from '../../../src/ui/progress/reporter.js';
import { backupProgressStyle, restoreProgressStyle } from '../../../src/ui/progress/styles.js';
import { type LogLine, logText } from '../../../src/core/log.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function collector() {
  const lines: string[] = [];
  const fail = () => {
    throw new Error('only info lines are expected');
  };
  return { lines, log: { info: (line: LogLine) => void lines.push(logText(line)), error: fail, verbose: fail } };
}

function createSource(progress: Partial<RunProgress>) {
  return {
    counters: () => undefined,
    progress: () => ({ records: 0, bytes: 0, expectedRecords: 0, expectedBytes: 0, workers: [], ...progress }),
  };
}

describe('progress of a backup', () => {
  function setUp(expectedRecords: number, from = { records: 0, bytes: 0 }) {
    const counters = { ...from, expectedRecords };
    const { lines, log } = collector();
    const machine: string[] = [];
    const progress = new ProgressReporter({
      source: createSource(counters),
      style: backupProgressStyle,
      log,
      clock: () => Date.now(),
      machine: (line) => void machine.push(line),
    });
    return { counters, lines, machine, progress };
  }

  it('prints one line at the end of a short run', () => {
    const { counters, lines, machine, progress } = setUp(200);
    progress.begin();
    vi.advanceTimersByTime(35);
    Object.assign(counters, { records: 103, bytes: 453531 });
    progress.end();
    progress.end();
    expect(lines).toEqual(['51% complete (~12654 KiB/s, ~2942 rec/s, ~4403 B/rec)', '~0s remaining']);
    expect(machine).toEqual(['PROGRESS:51', 'REMAINING:0s']);
  });

  it('goes to the display alone when a person watches, and to the machine file as ever', () => {
    const counters = { records: 0, bytes: 0, expectedRecords: 1000 };
    const { lines, log } = collector();
    const machine: string[] = [];
    const seen: unknown[] = [];
    const progress = new ProgressReporter({
      source: createSource(counters),
      style: backupProgressStyle,
      log,
      clock: () => Date.now(),
      machine: (line) => void machine.push(line),
      display: {
        start: () => void seen.push('start'),
        update: (shown) => void seen.push(shown),
        stop: () => void seen.push('stop'),
      },
    });
    progress.begin();
    Object.assign(counters, { records: 100, bytes: 3 * 1024 * 1024 });
    vi.advanceTimersByTime(1000);
    Object.assign(counters, { records: 1000 });
    vi.advanceTimersByTime(500);
    progress.end();
    expect(lines).toEqual([]);
    expect(machine).toEqual(['PROGRESS:10', 'REMAINING:9s']);
    expect(seen).toEqual([
      'start',
      { percent: 10, records: 100, bytes: 3 << 20, recordsPerSecond: 100, mibPerSecond: 3, etaSeconds: 9, workers: [] },
      {
        percent: 100,
        records: 1000,
        bytes: 3 << 20,
        recordsPerSecond: 1800,
        mibPerSecond: 0,
        etaSeconds: undefined,
        workers: [],
      },
      'stop',
    ]);
  });

  it('says nothing about the time when no record has come', () => {
    const { counters, lines, machine, progress } = setUp(200);
    progress.begin();
    vi.advanceTimersByTime(16);
    counters.bytes = 445;
    progress.end();
    expect(lines).toEqual(['0% complete (~27 KiB/s, ~0 rec/s, ~0 B/rec)']);
    expect(machine).toEqual(['PROGRESS:0']);
  });

  it.each([
    ['all are done', 200],
    ['the number is not known', 0],
    ['there are more than expected', 100],
  ])('prints nothing when %s', (_when, expected) => {
    const { counters, lines, machine, progress } = setUp(expected);
    progress.begin();
    vi.advanceTimersByTime(40);
    Object.assign(counters, { records: 200, bytes: 1000 });
    progress.end();
    expect(lines).toEqual([]);
    expect(machine).toEqual([]);
  });

  it('prints every tenth tick, with the rates since the line before', () => {
    const { counters, lines, machine, progress } = setUp(100_000);
    progress.begin();
    for (let second = 1; second <= 25; second++) {
      Object.assign(counters, { records: second * 100, bytes: second * 102_400 });
      vi.advanceTimersByTime(1000);
    }
    expect(lines).toEqual([
      '0% complete (~100 KiB/s, ~100 rec/s, ~1024 B/rec)',
      '~16m39s remaining',
      '1% complete (~100 KiB/s, ~100 rec/s, ~1024 B/rec)',
      '~16m29s remaining',
      '2% complete (~100 KiB/s, ~100 rec/s, ~1024 B/rec)',
      '~16m19s remaining',
    ]);
    expect(machine).toHaveLength(50);
    expect(machine.slice(0, 2)).toEqual(['PROGRESS:0', 'REMAINING:16m39s']);
    progress.end();
    // The last tick is not a tenth one, and no record has come since the one before.
    expect(lines).toHaveLength(6);
    expect(machine.slice(50)).toEqual(['PROGRESS:2']);
  });

  it('counts ticks that show something, not all of them', () => {
    const { counters, lines, progress } = setUp(0);
    progress.begin();
    vi.advanceTimersByTime(5000);
    counters.expectedRecords = 1000;
    vi.advanceTimersByTime(1000);
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(9000);
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(1000);
    expect(lines).toHaveLength(2);
    progress.end();
  });

  it('counts rates from the start of this run', () => {
    const { counters, lines, progress } = setUp(1000, { records: 500, bytes: 1_000_000 });
    progress.begin();
    Object.assign(counters, { records: 510, bytes: 1_010_240 });
    vi.advanceTimersByTime(1000);
    expect(lines).toEqual(['51% complete (~10 KiB/s, ~10 rec/s, ~1024 B/rec)', '~49s remaining']);
    progress.end();
  });
});

describe('progress of a restore', () => {
  const zero = {
    udfs: 0,
    sindexes: 0,
    records: 0,
    bytes: 0,
    expired: 0,
    skipped: 0,
    ignored: 0,
    inserted: 0,
    existed: 0,
    fresher: 0,
    retries: 0,
  };

  function setUp(expectedBytes?: number) {
    const counters = { ...zero, ...(expectedBytes === undefined ? {} : { expectedBytes }) };
    const { lines, log } = collector();
    const machine: string[] = [];
    const progress = new ProgressReporter({
      source: { ...createSource(counters), counters: () => counters },
      style: restoreProgressStyle,
      log,
      clock: () => Date.now(),
      machine: (line) => void machine.push(line),
    });
    return { counters, lines, machine, progress };
  }

  it('prints after a second and at the end, as in a short run of the C tool', () => {
    const { counters, lines, machine, progress } = setUp(849854);
    progress.begin();
    Object.assign(counters, { udfs: 2, sindexes: 7, records: 200, bytes: 849854, inserted: 200 });
    vi.advanceTimersByTime(1000);
    counters.sindexes = 8;
    vi.advanceTimersByTime(1500);
    progress.end();
    progress.end();
    expect(lines).toEqual([
      '2 UDF file(s), 7 secondary index(es), 200 record(s) (200 rec/s, 829 KiB/s, 4249 B/rec, retries: 0)',
      'Expired 0 : skipped 0 : err_ignored 0 : inserted 200: failed 0 (existed 0 , fresher 0)',
      '100% complete, ~0s remaining',
      '2 UDF file(s), 8 secondary index(es), 200 record(s) (0 rec/s, 0 KiB/s, 0 B/rec, retries: 0)',
      'Expired 0 : skipped 0 : err_ignored 0 : inserted 200: failed 0 (existed 0 , fresher 0)',
    ]);
    expect(machine).toEqual(['PROGRESS:100', 'REMAINING:0s', 'PROGRESS:100', 'PROGRESS:100']);
  });

  it('prints once when the run is shorter than a second', () => {
    const { counters, lines, progress } = setUp();
    progress.begin();
    vi.advanceTimersByTime(100);
    Object.assign(counters, { records: 10, bytes: 1024, inserted: 10 });
    progress.end();
    expect(lines).toEqual([
      '0 UDF file(s), 0 secondary index(es), 10 record(s) (100 rec/s, 10 KiB/s, 102 B/rec, retries: 0)',
      'Expired 0 : skipped 0 : err_ignored 0 : inserted 10: failed 0 (existed 0 , fresher 0)',
    ]);
  });

  it('prints every ten ticks and says how long it will take', () => {
    const { counters, lines, progress } = setUp(102_400 * 100);
    progress.begin();
    for (let second = 1; second <= 21; second++) {
      Object.assign(counters, { records: second * 100, bytes: second * 102_400, inserted: second * 100 });
      vi.advanceTimersByTime(1000);
    }
    expect(lines.filter((line) => line.includes('complete'))).toEqual([
      '1% complete, ~1m39s remaining',
      '11% complete, ~1m29s remaining',
      '21% complete, ~1m19s remaining',
    ]);
    expect(lines).toHaveLength(9);
    progress.end();
    expect(lines).toHaveLength(11);
  });

  it('judges the rest by the whole run when it is interrupted shortly after a line', () => {
    const { counters, lines, progress } = setUp(1_000_000);
    progress.begin();
    counters.bytes = 100_000;
    vi.advanceTimersByTime(1000);
    counters.bytes = 100_001;
    vi.advanceTimersByTime(5);
    progress.end();
    expect(lines.at(-1)).toBe('10% complete, ~9s remaining');
  });
});
