import { describe, expect, it } from 'vitest';
import type { BackupItem } from '../../../../src/service/v2/backups/backup-item.js';
import { checkId, checkIdPolicy, checkNewId, generateId } from '../../../../src/service/v2/backups/ids.js';
import { V2Error } from '../../../../src/service/v2/errors.js';

function code(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof V2Error) return error.machineCode;
    throw error;
  }
}

const items: BackupItem[] = [
  { id: 'text' },
  { id: '500' },
  { id: '900', deleted: '2026-05-02T00:00:00Z' },
  { id: 'by-hand', run: '1777683600000', routine: 'nightly' },
];

describe('an id', () => {
  it('of other characters or none, is none', () => {
    for (const id of ['', 'A', 'a b', '../x', 'a'.repeat(65)]) expect(code(() => checkId(id))).toBe('invalid-id');
    expect(code(() => checkId('a-b_9'))).toBeUndefined();
  });

  it('of any backup that is or was, is taken', () => {
    for (const id of ['text', '500', '900']) expect(code(() => checkNewId(id, items, undefined))).toBe('id-taken');
    expect(code(() => checkNewId('by-hand', items, 'nightly'))).toBe('id-taken');
    expect(code(() => checkNewId('1777683600000', items, 'nightly'))).toBe('id-taken');
  });

  it('that is a number, is higher than all before of the same routine, deleted ones too', () => {
    expect(code(() => checkNewId('899', items, undefined))).toBe('id-not-monotonic');
    expect(code(() => checkNewId('901', items, undefined))).toBeUndefined();
    expect(code(() => checkNewId('901', items, 'nightly'))).toBe('id-not-monotonic');
    expect(code(() => checkNewId('1777683600001', items, 'nightly'))).toBeUndefined();
    expect(code(() => checkNewId('another-text', items, 'nightly'))).toBeUndefined();
  });

  it('that is generated, is the time, or the number after the highest one', () => {
    expect(generateId(items, 1000)).toBe('1000');
    expect(generateId(items, 800)).toBe('901');
    expect(generateId([{ id: '9'.repeat(20) }], 1000)).toBe(`1${'0'.repeat(20)}`);
  });

  it('is given or not as the policy of the routine wants', () => {
    expect(code(() => checkIdPolicy('x', 'generated', 'nightly'))).toBe('id-not-allowed');
    expect(code(() => checkIdPolicy(undefined, 'caller', 'nightly'))).toBe('id-required');
    expect(code(() => checkIdPolicy('x', 'any', 'nightly'))).toBeUndefined();
  });
});
