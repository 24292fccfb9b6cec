import { describe, expect, it } from 'vitest';
import { buildFilter, type FilterParts } from '../../../src/aerospike/protocol/filter-expression.js';
import { FrameReader } from '../../../src/aerospike/protocol/frame-reader.js';
import { Field, FrameType } from '../../../src/aerospike/protocol/constants.js';
import { Message, RowView } from '../../../src/aerospike/protocol/row-view.js';
import { scanRequest, type ScanSelection } from '../../../src/aerospike/protocol/scan-request.js';
import { RecordEncoder } from '../../../src/asb/encoder.js';
import { backupFile, parseMessage, scans } from '../../support/recorded.js';

/** What the backup worker does with a scan's answer, without sockets. */
class Collector {
  readonly frameType = FrameType.MESSAGE;
  readonly encoder: RecordEncoder;
  readonly errors: Error[] = [];
  lasts = 0;
  records = 0;
  private readonly view = new RowView();

  constructor(compact: boolean) {
    this.encoder = new RecordEncoder({ namespace: 'test', compact });
  }

  consume(buffer: Buffer, start: number, end: number): number {
    let pos = start;
    while (pos < end) {
      const kind = this.view.parse(buffer, pos, end);
      if (kind === Message.INCOMPLETE) break;
      if (kind === Message.RECORD) {
        this.encoder.encode(this.view);
        this.records++;
      } else {
        expect(kind).toBe(Message.LAST);
        expect(this.view.resultCode).toBe(0);
        this.lasts++;
      }
      pos = this.view.end;
    }
    return pos - start;
  }

  fail(error: Error): void {
    this.errors.push(error);
  }
}

function feed(bytes: Buffer, cuts: Iterable<number>, compact = false): Collector {
  const collector = new Collector(compact);
  const reader = new FrameReader('test');
  reader.consumer = collector;
  let from = 0;
  const push = (to: number): void => {
    while (from < to) {
      const tail = reader.tail();
      const count = Math.min(tail.length, to - from);
      bytes.copy(tail, 0, from, from + count);
      from += count;
      reader.received(count);
    }
  };
  for (const cut of cuts) push(cut);
  push(bytes.length);
  return collector;
}

/** The file ends with the encoded records, and nothing before them is a record. */
function expectRecordsOf(file: Buffer, encoder: RecordEncoder): void {
  const ours = encoder.buffer.subarray(0, encoder.length);
  const head = file.subarray(0, file.length - ours.length);
  expect(file.subarray(head.length).equals(ours)).toBe(true);
  expect(head.includes('\n+ d ')).toBe(false);
}

const COMPARED = ['backup', 'backup-compact', 'backup-two-sets', 'backup-filters', 'backup-after-digest'] as const;

describe('recorded scans', () => {
  for (const name of COMPARED) {
    const compact = name === 'backup-compact';
    const answer = Buffer.concat(scans(name).map((scan) => scan.answer));
    const file = backupFile(name);

    it(`${name}: the server's frames give the bytes that the C tool wrote`, () => {
      const { encoder, errors } = feed(answer, [], compact);
      expect(errors).toEqual([]);
      expectRecordsOf(file, encoder);
    });

    it(`${name}: so they do when every byte comes alone`, () => {
      const { encoder, lasts } = feed(answer, Array(answer.length).keys(), compact);
      expectRecordsOf(file, encoder);
      expect(lasts).toBe(scans(name).length);
    });
  }

  it('a cut at any single place changes nothing', () => {
    const [scan] = scans('backup-filters');
    const answer = scan!.answer;
    const whole = feed(answer, []);
    const expected = Buffer.from(whole.encoder.buffer.subarray(0, whole.encoder.length));
    for (let cut = 1; cut < answer.length; cut++) {
      const { encoder, records } = feed(answer, [cut]);
      if (records !== whole.records || !encoder.buffer.subarray(0, encoder.length).equals(expected)) {
        expect.fail(`differs when cut at byte ${cut}`);
      }
    }
  });

  it('an answer that breaks off is never taken for a whole one', () => {
    const { answer } = scans('backup-after-digest')[0]!;
    for (let end = 0; end < answer.length; end += 1 + (end >> 6)) {
      expect(feed(answer.subarray(0, end), []).lasts).toBe(0);
    }
  });
});

describe('scan requests', () => {
  const selection: ScanSelection = {
    namespace: 'test',
    set: '',
    bins: [],
    noBins: false,
    recordsPerSecond: 0,
    socketTimeoutMs: 10_000,
    totalTimeoutMs: 0,
  };
  const all = [...Array(4096).keys()];

  function expectSame(ours: Buffer, recorded: Buffer): void {
    const a = parseMessage(ours);
    const b = parseMessage(recorded);
    const withoutTask = (fields: typeof a.fields): typeof a.fields => fields.filter(({ id }) => id !== Field.TASK_ID);
    expect(a.fields.map(({ id }) => id)).toEqual(b.fields.map(({ id }) => id));
    expect(withoutTask(a.fields)).toEqual(withoutTask(b.fields));
    expect({ ...a, fields: [] }).toEqual({ ...b, fields: [] });
  }

  it('equal the recorded one for a whole namespace', () => {
    expectSame(scanRequest(selection, 1n, all, Buffer.alloc(0)), scans('backup')[0]!.request);
  });

  it('equal the recorded one for two sets, whose names are a filter, with a rate', () => {
    const recorded = scans('backup-two-sets')[0]!.request;
    const filter = buildFilter({ sets: ['people', 'events'], noTtlOnly: true })!;
    const rate = parseMessage(recorded)
      .fields.find(({ id }) => id === Field.RECORDS_PER_SECOND)!
      .data.readUInt32BE();
    expectSame(scanRequest({ ...selection, filter, recordsPerSecond: rate }, 1n, all, Buffer.alloc(0)), recorded);
  });

  it('equal the recorded pair of --after-digest with --no-bins', () => {
    const [digestScan, rangeScan] = scans('backup-after-digest');
    const digest = parseMessage(digestScan!.request).fields.find(({ id }) => id === Field.DIGEST_ARRAY)!.data;
    expectSame(scanRequest({ ...selection, noBins: true }, 1n, [], Buffer.from(digest)), digestScan!.request);
    const first = (digest.readUInt16LE(0) & 4095) + 1;
    expectSame(scanRequest({ ...selection, noBins: true }, 1n, all.slice(first), Buffer.alloc(0)), rangeScan!.request);
  });

  it('equal the recorded one with both dates, a set and selected bins', () => {
    const recorded = scans('backup-filters')[0]!.request;
    const filter = buildFilter({
      sets: ['people'],
      modifiedBeforeNs: 0x1a4708f11d0b4000n,
      modifiedAfterNs: 0x15e59a35b98a0000n,
    })!;
    const request = scanRequest(
      { ...selection, set: 'people', bins: ['id', 'name'], filter },
      1n,
      all,
      Buffer.alloc(0),
    );
    expectSame(request, recorded);
  });
});

describe('filter expressions', () => {
  const rows: [FilterParts, string][] = [
    [{ sets: ['s1', 'set-2'] }, '931193019146a303733193019146a6037365742d32'],
    [{ sets: ['s1'], modifiedBeforeNs: 1_700_000_000_000_000_000n }, '93059142cf17979cfe362a0000'],
    [{ sets: [], modifiedAfterNs: 1_600_000_000_000_000_000n }, '93049142cf16345785d8a00000'],
    [{ sets: [], noTtlOnly: true }, '93019145ff'],
  ];
  for (const [parts, hex] of rows) {
    it(Object.keys(parts).join(' '), () => {
      expect(buildFilter(parts)?.toString('hex')).toBe(hex);
    });
  }

  it('nothing to filter is no expression', () => {
    expect(buildFilter({ sets: ['one'] })).toBeUndefined();
  });
});
