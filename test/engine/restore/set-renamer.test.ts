import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DecodedRecord } from '../../../src/core/decoded-record.js';
import { Particle } from '../../../src/core/particle.js';
import { SetRenamer } from '../../../src/engine/restore/set-renamer.js';

function createDigest(set: string, keyType: number, key: Buffer): Buffer {
  return createHash('ripemd160').update(set).update(Buffer.of(keyType)).update(key).digest();
}

function createRecord(set: string, key?: Buffer, keyType: number = Particle.STRING): DecodedRecord {
  const record = new DecodedRecord();
  record.setBuf = Buffer.from(`<${set}>`);
  record.setStart = 1;
  record.setEnd = 1 + Buffer.byteLength(set);
  record.keyType = key === undefined ? 0 : keyType;
  record.keyBuf = Buffer.concat([Buffer.from('??'), key ?? Buffer.alloc(0)]);
  record.keyStart = 2;
  record.keyEnd = record.keyBuf.length;
  createDigest(set, keyType, key ?? Buffer.alloc(0)).copy(record.digest);
  return record;
}

const setOf = ({ setBuf, setStart, setEnd }: DecodedRecord): string => setBuf.toString('utf8', setStart, setEnd);

describe('SetRenamer', () => {
  const renamer = new SetRenamer([
    { from: 'users', to: 'people' },
    { from: '', to: 'rest' },
    { from: 'orders', to: '' },
  ]);

  it.each([
    ['users', 'people'],
    ['', 'rest'],
    ['orders', ''],
  ])('a record of set %j, has set %j and the digest of its key there', (from, to) => {
    for (const [keyType, key] of [
      [Particle.STRING, Buffer.from('k1')],
      [Particle.INTEGER, Buffer.of(0, 0, 0, 0, 0, 0, 0, 7)],
      [Particle.BLOB, Buffer.alloc(200, 9)],
    ] as const) {
      const record = createRecord(from, key, keyType);
      expect(renamer.rename(record)).toBe(true);
      expect(setOf(record)).toBe(to);
      expect(record.digest).toEqual(createDigest(to, keyType, key));
    }
  });

  it('a record of another set, stays as it is', () => {
    const record = createRecord('user', Buffer.from('k1'));
    const digest = Buffer.from(record.digest);
    expect(renamer.rename(record)).toBe(true);
    expect(setOf(record)).toBe('user');
    expect(record.digest).toEqual(digest);
  });

  it('a record without a stored key, cannot be moved and stays as it is', () => {
    const record = createRecord('users');
    expect(renamer.rename(record)).toBe(false);
    expect(setOf(record)).toBe('users');
  });

  it('a record whose digest is not that of its key, cannot be moved', () => {
    const record = createRecord('users', Buffer.from('k1'));
    record.digest[0]! ^= 1;
    expect(renamer.rename(record)).toBe(false);
  });
});
