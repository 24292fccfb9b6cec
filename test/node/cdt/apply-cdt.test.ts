import { describe, expect, test } from 'vitest';
import { applyCdt } from '../../../src/node/cdt/apply-cdt.js';
import { decode, encode } from '../../../src/node/protocol/msgpack.js';
import { ErrorReply } from '../../../src/node/protocol/reply.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** `[result, container]` in hex ('-' = none), or the result code. */
function apply(container: string | undefined, op: string, modify: boolean): [string, string] | number {
  try {
    const value = container === undefined ? undefined : decode(hex(container));
    const outcome = applyCdt(value, hex(op), modify);
    const show = (one: typeof outcome.result): string => (one === undefined ? '-' : encode(one).toString('hex'));
    return [show(outcome.result), show(outcome.container)];
  } catch (error) {
    if (error instanceof ErrorReply) return error.result;
    throw error;
  }
}
const read = (container: string | undefined, op: string): string | number => {
  const result = apply(container, op, false);
  return typeof result === 'number' ? result : result[0];
};
const modify = (container: string | undefined, op: string): [string, string] | number => apply(container, op, true);

describe('lists (wire.md 12.1)', () => {
  test('append to an absent bin makes a list', () => {
    expect(modify(undefined, '920103')).toEqual(['01', '9103']);
  });
  test('append items', () => {
    expect(modify('9103', '9202 9205a20361')).toEqual(['03', '930305a20361']);
  });
  test('size; of an absent bin there is none', () => {
    expect(read('930305a20361', '9110')).toBe('03');
    expect(read(undefined, '9110')).toBe('-');
  });
  test('get by index, out of bounds is rc 26', () => {
    expect(read('930305a20361', '93130700')).toBe('03');
    expect(read('930305a20361', '9313070a')).toBe(26);
    expect(read('930305a20361', '931307ff')).toBe('a20361');
  });
  test('ranges by index, as values and as indexes', () => {
    expect(read('93030504', '9418070102')).toBe('920504');
    expect(read('950102030405', '93180100')).toBe('950001020304');
    expect(read('93030504', '931807fe')).toBe('920504');
  });
  test('count, exists, ranks by value', () => {
    expect(read('93030503', '93160503')).toBe('02');
    expect(read('93030503', '93160d03')).toBe('c3');
    expect(read('93030503', '93160d09')).toBe('c2');
    expect(read('93030501', '93160303')).toBe('9101');
  });
  test('by rank, interval, relative rank', () => {
    expect(read('93090501', '93150700')).toBe('01');
    expect(read('93090501', '9419070106')).toBe('920501');
    expect(read('93090501', '931a0701')).toBe('920509');
    expect(read('93000409', '941b070500')).toBe('9109');
    expect(read('93000409', '941b0705ff')).toBe('920409');
  });
  test('inverted selections', () => {
    expect(read('93030504', '9316ce0001000705')).toBe('920304');
  });
  test('pop, remove, trim, clear, set, insert, sort', () => {
    expect(modify('93030504', '920500')).toEqual(['03', '920504']);
    expect(modify('93030504', '930601 02')).toEqual(['920504', '9103']);
    expect(modify('93030504', '930a0002')).toEqual(['01', '920305']);
    expect(modify('93030504', '910b')).toEqual(['-', '90']);
    expect(modify('93030504', '93090107')).toEqual(['-', '93030704']);
    expect(modify('93030504', '93030007')).toEqual(['04', '9407030504']);
    expect(modify('9103', '93030307')).toEqual(['04', '9403c0c007']);
    expect(modify('93030504', '910d')).toEqual(['-', '93030405']);
    expect(modify('93030504', '930c0102')).toEqual(['07', '93030704']);
  });
  test('an ordered list stays sorted and refuses inserts', () => {
    expect(modify('93c700010105', '920103')).toEqual(['03', '94c70001010305']);
    expect(modify('93c700010105', '93030003')).toBe(26);
    expect(modify(undefined, '94010301 00')).toEqual(['01', '92c7000103']);
  });
  test('unique values', () => {
    expect(modify('9103', '9401030001')).toBe(24);
    expect(modify('9103', '9401030005')).toEqual(['01', '9103']);
    expect(modify('9103', '9402920304000d')).toEqual(['02', '920304']);
  });
  test('remove by value and by index range', () => {
    expect(modify('93030503', '93230503')).toEqual(['02', '9105']);
    expect(modify('93030504', '9325 07 01')).toEqual(['920504', '9103']);
  });
  test('a map is no list: rc 12; nonsense is rc 4', () => {
    expect(read('80', '9110')).toBe(12);
    expect(read('90', '911f')).toBe(4);
    expect(read('90', '9113')).toBe(4);
    expect(modify('90', '9110')).toBe(4);
  });
});

describe('maps (wire.md 12.1)', () => {
  const AB = '83c70001c0a2036101a2036202';
  test('put makes a K-ordered map', () => {
    expect(modify(undefined, '9443a203710701')).toEqual(['01', '82c70001c0a2037107']);
  });
  test('get by key: value, count, missing', () => {
    expect(read(AB, '936107a20361')).toBe('01');
    expect(read(AB, '936107a2037a')).toBe('-');
    expect(read(AB, '936105a2037a')).toBe('00');
    expect(read(AB, '93610da20361')).toBe('c3');
    expect(read(AB, '936101a2037a')).toBe('ff');
  });
  test('key/value pairs come as a map that keeps its order', () => {
    expect(read(AB, '936808 00')).toBe('83c70008c0a2036101a2036202');
    expect(read(AB, '93681100')).toBe('83c70001c0a2036101a2036202');
    expect(read(AB, '93681000')).toBe('82a2036101a2036202');
  });
  test('by key list, interval, value, rank', () => {
    expect(read(AB, '936b0792a20361a2037a')).toBe('9101');
    expect(read(AB, '94 67 07 a20361 a20362')).toBe('9101');
    expect(read(AB, '93660602')).toBe('91a20362');
    expect(read(AB, '93 64 06 ff')).toBe('a20362');
    expect(read(AB, '946d07a2036100')).toBe('920102');
  });
  test('index out of bounds is rc 26', () => {
    expect(read(AB, '93620705')).toBe(26);
  });
  test('clearing keeps the order', () => {
    expect(modify(AB, '914b')).toEqual(['-', '81c70001c0']);
  });
  test('add what exists: 24; replace what doesn’t: 23', () => {
    expect(modify(AB, '9341a2036107')).toBe(24);
    expect(modify(AB, '9345a2037a07')).toBe(23);
    expect(modify(AB, '9345a2036107')).toEqual(['02', '83c70001c0a2036107a2036202']);
  });
  test('increment and decrement', () => {
    expect(modify(AB, '9349a2036105')).toEqual(['06', '83c70001c0a2036106a2036202']);
    expect(modify(AB, '934aa2036101')).toEqual(['00', '83c70001c0a2036100a2036202']);
    expect(modify('81a20361a20362', '9349a2036105')).toBe(12);
  });
  test('remove by key', () => {
    expect(modify(AB, '934c07a20361')).toEqual(['01', '82c70001c0a2036202']);
    expect(modify(AB, '934c07a2037a')).toEqual(['-', AB]);
  });
});

describe('nested paths', () => {
  const NESTED = '82c70001c0a203619105';
  test('append to the list at a map key', () => {
    expect(modify(NESTED, '93ccff9222a2036192010a')).toEqual(['02', '82c70001c0a2036192050a']);
  });
  test('a missing element is rc 26, unless it is to be created', () => {
    expect(modify(NESTED, '93ccff9222a2037a92010a')).toBe(26);
    expect(modify(NESTED, '93ccff92cc62a2037a92010a')).toEqual(['01', '83c70001c0a203619105a2037a910a']);
    expect(modify(undefined, '93ccff92cc62a2036192010a')).toEqual(['01', '81a20361910a']);
  });
  test('reading inside', () => {
    expect(read(NESTED, '93ccff9222a203619110')).toBe('01');
    expect(read(NESTED, '93ff9222a203619110')).toBe(4);
  });
});
