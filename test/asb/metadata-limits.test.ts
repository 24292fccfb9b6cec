/** A backup file must not be able to command a cluster, nor to fill the memory of whoever reads it. */
import { describe, expect, it } from 'vitest';
import { Decoder, Entry, FormatError } from '../../src/asb/decoder.js';
import { MAX_METADATA_ENTRIES } from '../../src/asb/format.js';
import { decodeError } from '../support/asb.js';

const HEADER = 'Version 3.1\n# namespace test\n';
const MODULE_TAIL = ' 2 --\n';

function metadataError(line: string): FormatError {
  return decodeError(Buffer.from(`${HEADER}${line}\n`, 'latin1'));
}

describe('no command of a name in a file reaches the server', () => {
  const INJECTION = '\\\ntruncate-namespace:namespace=restored\\\nx';
  it.each([
    ['namespace of an index', `* i t${INJECTION.slice(0, 10)} s n N 1 b N`, 'the namespace of the index'],
    ['set of an index', `* i test s${INJECTION} n N 1 b N`, 'the set of the index'],
    ['name of an index', `* i test s n${INJECTION} N 1 b N`, 'the index name'],
    ['bin of an index', `* i test s n N 1 b${INJECTION.slice(0, 8)} N`, 'the bin of the index'],
    ['name of a module', `* u L m.lua${INJECTION}${MODULE_TAIL.trimEnd()}`, 'the name of the UDF module'],
  ])('decoder refuses a line feed in the %s, with its line', (_name, line, what) => {
    const error = metadataError(line);
    expect(error.code).toBe('ASB_SYNTAX');
    expect(error.message).toMatch(/^backup\.asb:3:/);
    expect(error.message).toContain(`${what} holds the end of the line, which no command to a server may hold`);
    // The place is that of the line feed behind its backslash.
    expect(error.column).toBe(line.indexOf('\\') + 1);
  });

  it.each([
    [';', '";"'],
    ['\t', 'byte 0x09'],
    ['\r', 'byte 0x0d'],
    ['\x1b', 'byte 0x1b'],
    ['\x7f', 'byte 0x7f'],
  ])('decoder refuses %j in names of indexes and modules', (byte, shown) => {
    for (const line of [
      `* i test s${byte}x n N 1 b N`,
      `* i test s n${byte} N 1 b N`,
      `* i te${byte}st s n N 1 b N`,
      `* i test s n N 1 b${byte} N`,
      `* u L m${byte}.lua${MODULE_TAIL.trimEnd()}`,
    ]) {
      const error = metadataError(line);
      expect(error.message).toContain(`holds ${shown}, which no command`);
      expect(error.column).toBe(line.indexOf(byte) + 1);
    }
  });

  it('decoder refuses a NUL in a name, as every reader does', () => {
    expect(metadataError('* i test s n\0x N 1 b N').code).toBe('ASB_SYNTAX');
    expect(metadataError('* i test s n\\\0x N 1 b N').code).toBe('ASB_SYNTAX');
  });

  it.each([
    ['* i test s n N 1 b N lhA=;ns=other', 26],
    ['* i test s n N 1 b N lhA', 25],
    ['* i test s n N 1 b N l===', 23],
    ['* i test s n N 1 b N lhA=\\\ntruncate:', 27],
    ['* e test s n N 1  S kg:C', 23],
    ['* e test s n N 1  S lhA= kg;C', 28],
  ])('decoder refuses %j, whose context or expression is not base64', (line, column) => {
    const error = metadataError(line);
    expect([error.code, error.line]).toEqual(['ASB_BASE64', 3]);
    expect(error.message).toMatch(/is not base64 text/);
    expect(error.column).toBeGreaterThanOrEqual(column - 2);
    expect(error.column).toBeLessThanOrEqual(column);
  });
});

describe('no name is longer than a server accepts', () => {
  it.each([
    ['namespace', 31, (name: string) => `* i ${name} s n N 1 b N`],
    ['set', 63, (name: string) => `* i test ${name} n N 1 b N`],
    ['index name', 255, (name: string) => `* i test s ${name} N 1 b N`],
    ['bin', 15, (name: string) => `* i test s n N 1 ${name} N`],
    ['UDF module', 255, (name: string) => `* u L ${name} 0 `],
  ] as const)('decoder accepts a %s of %i bytes and refuses one more', (what, bytes, line) => {
    const accepted = new Decoder({ file: 'backup.asb' });
    accepted.write(Buffer.from(`${HEADER}${line('x'.repeat(bytes))}\n`));
    accepted.end();
    expect(accepted.next()).toBe(Entry.META);
    expect([Entry.SINDEX, Entry.UDF]).toContain(accepted.next());
    const error = metadataError(line('x'.repeat(bytes + 1)));
    expect(error.code).toBe('ASB_LIMIT');
    expect(error.message).toContain(what);
    expect(error.message).toContain(`longer than ${bytes} bytes`);
  });
});

describe('no small file fills the memory', () => {
  it('decoder refuses a module larger than a server accepts at its length, without waiting for its content', () => {
    const decoder = new Decoder({ file: 'backup.asb' });
    decoder.write(Buffer.from(`${HEADER}* u L big.lua 104857600 x`));
    expect(decoder.next()).toBe(Entry.META);
    expect(() => decoder.next()).toThrow('the UDF module has 104857600 bytes; no server accepts more than 1048576');
  });

  it('decoder accepts a module of 1 MiB', () => {
    const decoder = new Decoder({ file: 'backup.asb' });
    decoder.write(Buffer.from(`${HEADER}* u L big.lua 1048576 ${'-'.repeat(1 << 20)}\n`));
    decoder.end();
    expect(decoder.next()).toBe(Entry.META);
    expect(decoder.next()).toBe(Entry.UDF);
    expect(decoder.udf.content).toHaveLength(1 << 20);
  });

  it('decoder refuses millions of indexes at the first one beyond its limit', () => {
    const decoder = new Decoder({ file: 'backup.asb' });
    decoder.write(Buffer.from(`${HEADER}${'* i test s n N 1 b N\n'.repeat(MAX_METADATA_ENTRIES + 5)}`));
    decoder.end();
    expect(decoder.next()).toBe(Entry.META);
    for (let i = 0; i < MAX_METADATA_ENTRIES; i++) expect(decoder.next()).toBe(Entry.SINDEX);
    expect(() => decoder.next()).toThrow(
      `backup.asb:${MAX_METADATA_ENTRIES + 3}:1 (byte ${HEADER.length + 21 * MAX_METADATA_ENTRIES}): ` +
        `the file holds more than ${MAX_METADATA_ENTRIES} indexes and UDF modules`,
    );
  });

  it('decoder refuses modules of more than 256 MiB together', () => {
    const decoder = new Decoder({ file: 'backup.asb' });
    decoder.write(Buffer.from(HEADER));
    expect(decoder.next()).toBe(Entry.META);
    const module = Buffer.from(`* u L big.lua 1048576 ${'-'.repeat(1 << 20)}\n`);
    expect(() => {
      for (let i = 0; i < 300; i++) {
        decoder.write(module);
        expect(decoder.next()).toBe(Entry.UDF);
      }
    }).toThrow('the UDF modules of the file have more than 268435456 bytes');
  });
});
