import { describe, expect, it } from 'vitest';
import type { WriteOutcome } from '../../../src/aerospike/commands/write.js';
import { namespaceField, WriteFrame } from '../../../src/aerospike/protocol/write-frame.js';
import { zeroCounts } from '../../../src/engine/restore/counters.js';
import { FramePool } from '../../../src/engine/restore/frame-pool.js';
import { OverloadBrake } from '../../../src/engine/restore/overload-brake.js';
import { RetryPolicy } from '../../../src/engine/restore/retry-policy.js';
import { RowSettler } from '../../../src/engine/restore/row-settler.js';
import { forEachRecord } from '../../support/recorded-writes.js';

/** A settler of frames of `rows` records, which retries nothing. */
function setUp(rows: number, ignoreRecordError = false) {
  const frame = new WriteFrame('batch');
  const field = namespaceField(Buffer.from('test'));
  const policy = { info2: 1, info3: 0, dropNulls: false };
  forEachRecord((record) => {
    if (frame.rows < rows) frame.append(record, policy, field, 0, 0);
  });
  expect(frame.rows).toBe(rows);
  const counts = zeroCounts();
  const reasons: Error[] = [];
  const control = {
    get stopped() {
      return reasons.length > 0;
    },
    stop: (reason: Error) => void reasons.push(reason),
  };
  const settler = new RowSettler(
    { mode: 'batch', rowsPerFrame: 128, ignoreRecordError },
    counts,
    new FramePool('batch'),
    new RetryPolicy({ maxRetries: 0, retryScaleFactorUs: 0, retryBudgetMs: 0 }),
    control,
    () => undefined,
  );
  const settle = (codes: readonly number[], outcome: WriteOutcome = { kind: 'answered', batchCode: 0 }) => {
    codes.forEach((code, row) => (frame.results[row] = code));
    return settler.settle(frame, outcome);
  };
  return { frame, counts, reasons, settle };
}

describe('settling of rows', () => {
  it('a list that cannot be repaired keeps code 1, and the good records of its frame count as inserted', () => {
    const { frame, counts, reasons, settle } = setUp(3, true);
    frame.repairRow = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    settle([0, 1, 0]);
    expect(counts).toMatchObject({ inserted: 2, ignored: 1, failed: 0 });
    expect(reasons).toEqual([]);
  });

  it('a record that exists after a lost answer is in doubt, and not inserted', () => {
    const { frame, counts, settle } = setUp(3);
    frame.inDoubt[1] = 1;
    settle([0, 5, 5]);
    expect(counts).toMatchObject({ inserted: 1, inDoubt: 1, existed: 1, fresher: 0 });
  });

  it('an overload is reported, so that new frames can wait', () => {
    const { settle } = setUp(2);
    expect(settle([0, 18]).overloaded).toBe(true);
    expect(setUp(2).settle([0, 14]).overloaded).toBe(false);
  });
});

describe('overload brake', () => {
  it('pauses grow while the server is overloaded and shrink afterwards', () => {
    const brake = new OverloadBrake();
    expect([true, true, true].map((overloaded) => brake.recordAnswer(overloaded))).toEqual([20, 40, 80]);
    expect(brake.recordAnswer(false)).toBe(0);
    expect(brake.recordAnswer(true)).toBe(80);
    for (let i = 0; i < 20; i++) brake.recordAnswer(true);
    expect(brake.recordAnswer(true)).toBe(2000);
  });
});
