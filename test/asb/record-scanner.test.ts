/** The module that takes ordinary records does what the decoder and WriteFrame do, or leaves the record to them. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  checkText,
  compareOutcomes,
  PLAIN_SETTINGS,
  restoreText,
  type ScanOutcome,
  type ScanSettings,
} from '../../scripts/fuzz/scanner.js';
import { RecordScanner } from '../../src/asb/record-scanner.js';
import { loadWasmModule } from '../../src/asb/wasm-module.js';
import { fixture, vectors } from '../support/asb.js';

const module = loadWasmModule('restore')!;
const scanner = RecordScanner.create(module, { frames: 1, maxRows: 512 })!;
const checker = RecordScanner.createChecker(module)!;

const HEADER = 'Version 3.1\n# namespace test\n# first-file\n';
const DIGEST = 'tlifxqsNyCzxIJnRwtQKuZToQQw=';

function record(bins: readonly string[], { key = '', set = '+ s bench\n', meta = '+ g 1\n+ t 0\n' } = {}): string {
  return `${key}+ n test\n+ d ${DIGEST}\n${set}${meta}+ b ${bins.length}\n${bins.map((bin) => `- ${bin}\n`).join('')}`;
}
const FIRST = record(['I first 1']);
const text = (...records: string[]): Buffer => Buffer.from(HEADER + FIRST + records.join(''), 'latin1');

/** Restores and checks `input` with the module and without; everything has to be the same. Returns what it was. */
function expectSame(
  input: Buffer,
  cuts: readonly number[] = [1 << 20],
  settings: ScanSettings = PLAIN_SETTINGS,
): ScanOutcome {
  const oracle = restoreText(input, settings, cuts);
  const ours = restoreText(input, settings, cuts, scanner);
  expect(compareOutcomes(ours, oracle)).toBeUndefined();
  expect(checkText(input, cuts, checker)).toEqual(checkText(input, cuts));
  return ours;
}

const ORDINARY = [
  record(['I number 123', 'S text 24 value of record 0       ', 'D half 0.5']),
  record(['I a -9223372036854775808', 'I b 9223372036854775807', 'I c 0', 'Z t T', 'Z f F'], { key: '+ k I -7\n' }),
  record(['B blob 8 AAECAw==', 'B! raw 4 \0\n\x01\xff', 'G geo 2 {}', 'L list 4 kwEC'], { key: '+ k S 4 a\nbc\n' }),
  record(['M map 8 gQECAwQF', 'Y hll 0 ', 'J j 4 AAAA', 'C c 4 AAA=', 'P p 4 AA==', 'R r 0 ', 'H h 0 ', 'E e 0 ']),
  record(['D d1 1e-7', 'D d2 -1.7976931348623157e+308', 'D d3 123456789.12345678'], { key: '+ k D 2.5\n', set: '' }),
  record(['S empty 0 ', 'S  1 x'], { meta: '+ g 0\n+ t 500000001\n' }),
  record(['I expired 1'], { meta: '+ g 65535\n+ t 1\n' }),
  record(['I long-lived 1'], { set: '+ s null\n', meta: '+ g 2\n+ t 4294967295\n' }),
  record([]),
];

describe('ordinary records', () => {
  it('are all taken but for the first', () => {
    const { scanned, counts, error } = expectSame(text(...ORDINARY));
    expect(error).toBe('');
    expect(scanned).toBe(ORDINARY.length);
    expect(counts).toMatchObject({
      records: 10,
      expired: 1,
      skipped: 1,
      ttlsCut: 1,
      generationZero: 1,
      nullSetSeen: true,
    });
  });

  it('are the same wherever the text is cut', () => {
    const input = text(...ORDINARY);
    for (let at = 1; at < input.length; at++) expectSame(input, [at, input.length]);
    for (const bytes of [1, 2, 3, 7, 64]) expectSame(input, [bytes]);
  });

  it('are refused at the same place wherever they end', () => {
    const input = text(...ORDINARY);
    for (let end = HEADER.length; end < input.length; end++) expectSame(input.subarray(0, end));
  });

  it.each<[string, Partial<ScanSettings>]>([
    ['single commands', { mode: 'single' }],
    ['frames of two rows', { rowsPerFrame: 2 }],
    ['without generations', { rules: { ...PLAIN_SETTINGS.rules, noGeneration: true } }],
    ['only records that do not exist', { rules: { ...PLAIN_SETTINGS.rules, unique: true } }],
    ['replacing', { rules: { ...PLAIN_SETTINGS.rules, replace: true } }],
    ['with longer lives', { rules: { ...PLAIN_SETTINGS.rules, extraTtlS: 2 ** 31 } }],
    ['of one set', { rules: { ...PLAIN_SETTINGS.rules, sets: ['null', 'x'.repeat(63)] } }],
    ['with some of their bins', { bins: ['number', 'half', 'd2', 'blob', 'fifteen-letters'] }],
    ['with none of their bins', { bins: ['first'], mode: 'single' }],
  ])('%s', (_, settings) => {
    const { scanned } = expectSame(text(...ORDINARY), undefined, { ...PLAIN_SETTINGS, ...settings });
    expect(scanned).toBe(ORDINARY.length);
  });
});

describe('namespaces', () => {
  it.each([1, 6, 7, 8, 22, 23, 24, 31])('of %i bytes are known by every one of them', (length) => {
    const name = 'n'.repeat(length);
    const rename = (from: string, to: string): string => from.replaceAll('+ n test\n', `+ n ${to}\n`);
    const others = Array.from({ length }, (_, at) => `${name.slice(0, at)}m${name.slice(at + 1)}`);
    const own = rename(record(['I a 1']), name);
    const input = Buffer.from(
      `Version 3.1\n# namespace ${name}\n# first-file\n${own}${own}` +
        others.map((other) => rename(record(['I a 1']), other) + own + own).join(''),
    );
    const { counts, scanned } = expectSame(input);
    expect(counts).toMatchObject({ records: 2 + 3 * length });
    // Behind a record of another namespace, the module learns the next one from the decoder.
    expect(scanned).toBeGreaterThan(length);
    expect(scanned).toBeLessThan(2 + 2 * length);
  });
});

describe('limits', () => {
  const bins = (count: number): string => record(Array.from({ length: count }, (_, i) => `I bin${i} ${i}`));
  const named = (name: string): string => record([`I ${name} 1`]);
  it.each<[string, string]>([
    ['a bin name of 15 bytes', named('x'.repeat(15))],
    ['a bin name of 16 bytes', named('x'.repeat(16))],
    ['a set of 63 bytes', record(['I a 1'], { set: `+ s ${'x'.repeat(63)}\n` })],
    ['a set of 64 bytes', record(['I a 1'], { set: `+ s ${'x'.repeat(64)}\n` })],
    ['a set of 80 bytes', record(['I a 1'], { set: `+ s ${'x'.repeat(80)}\n` })],
    ['128 bins', bins(128)],
    ['129 bins', bins(129)],
    ['a name that comes twice', record(['I a 1', 'I b 2', 'S a 1 x'])],
    ['a generation beyond 16 bits', record(['I a 1'], { meta: '+ g 65536\n+ t 0\n' })],
    ['an expiration beyond 32 bits', record(['I a 1'], { meta: '+ g 1\n+ t 4294967296\n' })],
    ['a number of 999 digits', record([`I a ${'0'.repeat(998)}1`])],
    ['a number of 1000 digits', record([`I a ${'0'.repeat(999)}1`])],
    ['an integer beyond 64 bits', record(['I a 9223372036854775808'])],
    ['a double beyond all', record(['D a 1e400'])],
    ['a length beyond the file', record(['S a 4294967295 x'])],
    ['a length beyond 32 bits', record(['S a 4294967297 x'])],
    ['a length beyond 64 bits', record(['S a 18446744073709551617 x'])],
    ['a base64 length beyond the file', record(['B a 4294967292 AAAA'])],
    ['a bin count that is too large', record(['I a 1']).replace('+ b 1', '+ b 2')],
    ['a bin count that is too small', record(['I a 1', 'I b 2']).replace('+ b 2', '+ b 1')],
    ['another namespace', record(['I a 1']).replace('+ n test', '+ n tesu')],
    ['a longer namespace', record(['I a 1']).replace('+ n test', '+ n test2')],
    ['a NUL in a name', named('a\0b')],
    ['a NUL in a set', record(['I a 1'], { set: '+ s a\0b\n' })],
    ['a length of an element of a list that overflows', record(['L! a 8 \x91\xc6\xff\xff\xff\xfc\xc7\x01'])],
    ['a list with a persist bit', record(['L! a 5 \x92\xc7\x00\x11\x01'])],
    ['a persist bit behind the end', record(['L! a 2 \x91\xc7', 'L! b 3 \x91\xc7\x00'])],
  ])('%s', (_, one) => {
    expectSame(text(one, record(['I after 1'])));
    expectSame(text(one, record(['I after 1'])), [50]);
  });

  it('a record that is larger than the window, and those around it', () => {
    for (const bytes of [300_000, 600_000, 1_048_000, 1_048_576, 1_100_000, 3_000_000]) {
      const large = record([`S a ${bytes} ${'x\n'.repeat(bytes / 2)}`]);
      const base64 = record([`B a ${bytes} ${'AAAA'.repeat(bytes / 4)}`]);
      const { scanned } = expectSame(text(...ORDINARY, large, ...ORDINARY, base64, ...ORDINARY), [500_000]);
      // Records that arrive together with a part of a large one are the decoder's.
      expect(scanned).toBeGreaterThan(0);
    }
  });

  it('rows that fill the frame to its last byte', () => {
    for (let more = 0; more < 300; more += 7) {
      const bytes = 1024 * 1024 - 1500 + more * 5;
      const input = text(...Array<string>(2).fill(record([`S a ${bytes} ${'y'.repeat(bytes)}`, 'I b 1'])), ...ORDINARY);
      expectSame(input, [400_000]);
    }
  });
});

describe('characters', () => {
  it('each byte in each place of base64 is taken or refused alike', () => {
    // The module takes 16 characters at a time, and those that are left one by one.
    for (const [chars, step] of [
      [8, 1],
      [24, 3],
      [300, 37],
    ] as const) {
      for (let at = 0; at < chars; at += step) {
        for (let byte = 0; byte < 256; byte++) {
          const value = Buffer.alloc(chars, 'A');
          value[at] = byte;
          expectSame(text(record([`B a ${chars} ${value.toString('latin1')}`])));
        }
      }
    }
  });

  it('each byte in each place of a record is taken or refused alike', () => {
    const one = Buffer.from(ORDINARY[2]!, 'latin1');
    for (let at = 0; at < one.length; at++) {
      for (const byte of [0, 0x0a, 0x20, 0x21, 0x2b, 0x2d, 0x30, 0x39, 0x3d, 0x41, 0x5c, 0x80, 0xff]) {
        const damaged = Buffer.from(one);
        damaged[at] = byte;
        expectSame(text(damaged.toString('latin1'), ORDINARY[0]!));
      }
    }
  });

  it('doubles of the vectors have the same bits', () => {
    const doubles = [
      ...(vectors('doubles.json') as { text: string }[]),
      ...(vectors('doubles-go.json') as { text: string }[]),
    ];
    expect(doubles.length).toBeGreaterThan(100);
    for (const { text: double } of doubles) expectSame(text(record([`D a ${double}`])));
  });
});

describe('files', () => {
  const cases = vectors('decoder-cases.json') as { name: string; fileHex: string }[];
  it('each case of the decoder behind an ordinary record', () => {
    for (const { fileHex } of cases) {
      const file = Buffer.from(fileHex, 'hex').toString('latin1');
      const entries = file.indexOf('\n+ ') + 1;
      expectSame(Buffer.from(file.slice(0, entries) + FIRST + file.slice(entries), 'latin1'));
    }
  });

  it('backups of the C tool', () => {
    const folder = fileURLToPath(new URL('../fixtures/backups/', import.meta.url));
    const plain = ['corpus.asb', 'file.asb', 'stdout.asb'].map((name) => fixture(`backups/${name}`));
    for (const name of ['plain', 'compact', 'bin-list', 'no-bins', 'people-set', 'parallel4', 'two-sets']) {
      plain.push(...readdirSync(folder + name).map((file) => fixture(`backups/${name}/${file}`)));
    }
    let scanned = 0;
    for (const input of plain) {
      scanned += expectSame(input).scanned;
      expectSame(input, [1000]);
    }
    expect(scanned).toBeGreaterThan(50);
  });
});

describe('filters', () => {
  it('of more names than there is room for are refused', () => {
    const names = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => Buffer.from(`n${i}`));
    const own = RecordScanner.create(module, { frames: 1, maxRows: 1 })!;
    expect(own.setFilters(names(64), names(64))).toBe(true);
    expect(own.setFilters(names(65), [])).toBe(false);
    expect(own.setFilters([], names(65))).toBe(false);
    expect(own.setFilters([Buffer.alloc(64, 'x')], [])).toBe(false);
    expect(own.setFilters([], [Buffer.alloc(16, 'x')])).toBe(false);
  });
});
