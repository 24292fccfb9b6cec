/** Parts of a file, read by themselves, give what the file read from its start gives. */
import { describe, expect, it } from 'vitest';
import { Entry } from '../../../src/asb/decoder.js';
import { readEntries } from '../../../src/asb/read-entries.js';
import { RecordScanner } from '../../../src/asb/record-scanner.js';
import { loadWasmModule } from '../../../src/asb/wasm-module.js';
import type { ByteSource } from '../../../src/core/byte-stream.js';
import { errorMessage } from '../../../src/core/errors.js';
import { type FileRange, findRanges } from '../../../src/engine/input/file-ranges.js';
import { NamespaceCheck } from '../../../src/engine/input/namespace-check.js';

const scanner = RecordScanner.createChecker(loadWasmModule('restore')!)!;
const HEAD = 'Version 3.1\n# namespace test\n# first-file\n* i test set name N 1 bin N\n';
const DIGEST = 'tlifxqsNyCzxIJnRwtQKuZToQQw=';

function record(value: string, namespace = 'test'): string {
  return `+ n ${namespace}\n+ d ${DIGEST}\n+ s set\n+ g 1\n+ t 0\n+ b 2\n- S v ${value.length} ${value}\n- I i 5\n`;
}

/** Values that look like what stands between them. */
const TRAPS = [
  '\n',
  record('inner'),
  `\n${record('x')}`,
  '+ n test\n',
  'a\n* u L 1 a 1 b\n',
  '',
  '\n- I i 5\n+ n test',
];

function trapText(count: number): string {
  return HEAD + Array.from({ length: count }, (_, i) => record(TRAPS[i % TRAPS.length]!.repeat(1 + (i % 3)))).join('');
}

function open(text: string, chunkBytes: number): ByteSource & { closed: boolean } {
  let at = 0;
  return {
    name: 'f.asb',
    closed: false,
    read() {
      const chunk = Buffer.from(text.slice(at, (at += chunkBytes)), 'latin1');
      return Promise.resolve(chunk.length === 0 ? undefined : chunk);
    },
    close() {
      this.closed = true;
      return Promise.resolve();
    },
  };
}

async function listRanges(text: string, rangeBytes: number, chunkBytes: number): Promise<FileRange[]> {
  const source = open(text, chunkBytes);
  const ranges: FileRange[] = [];
  const options = { rangeBytes, scanner, namespaces: new NamespaceCheck(undefined) };
  for await (const range of findRanges(source, options)) ranges.push(range);
  expect(source.closed).toBe(true);
  return ranges;
}

/** What a reader finds: kind, place and text of every entry, and the error that ends it. */
async function readAll(text: string, { start, end, startAt }: FileRange): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const decoder of readEntries(open(text.slice(start, end), 1 << 16), { startAt })) {
      for (let kind = decoder.next(); kind !== Entry.NEED_DATA && kind !== Entry.END; kind = decoder.next()) {
        const { line, offset } = decoder.position;
        const own = kind === Entry.RECORD ? decoder.textOffset : '';
        found.push(`${kind} up to line ${line}, offset ${offset}: ${own} ${decoder.version}`);
      }
    }
  } catch (error) {
    found.push(errorMessage(error));
  }
  return found;
}

/** Compares the parts with the whole. Returns the parts. */
async function expectSame(text: string, rangeBytes: number, chunkBytes: number): Promise<FileRange[]> {
  const ranges = await listRanges(text, rangeBytes, chunkBytes);
  const bounds = ranges.map(({ start }, i) => [start, i === 0 ? 0 : ranges[i - 1]!.end]);
  for (const [start, end] of bounds) expect(start).toBe(end);
  if (ranges.at(-1)!.end !== Infinity) expect(ranges.at(-1)!.end).toBe(text.length);
  const parts: string[] = [];
  for (const range of ranges) parts.push(...(await readAll(text, range)));
  expect(parts).toEqual(await readAll(text, { start: 0, end: Infinity }));
  return ranges;
}

describe('the parts of a file', () => {
  it.each([7, 64, 500, 1 << 16])(
    'values that look like records, chunks of %i bytes, are those of the whole',
    async (n) => {
      const text = trapText(90);
      const ranges = await expectSame(text, 1, n);
      if (n < text.length) expect(ranges.length).toBeGreaterThan(20);
      await expectSame(text, 1000, n);
    },
  );

  it('a version 3.0 file, has the escapes of its version in every part', async () => {
    const old = `Version 3.0\n${record('a').repeat(30)}`;
    expect((await expectSame(old, 1, 100)).length).toBeGreaterThan(5);
  });

  it('a fault, is in the last part, with its line and offset, and nothing behind it is in any part', async () => {
    for (const fault of ['+ x\n', '- I v 5\n', record('a').replace('I i 5', 'I i 5x'), record('b', 'other')]) {
      const text = trapText(40) + fault + record('behind').repeat(40);
      const ranges = await expectSame(text, 1, 200);
      expect(ranges.at(-1)).toMatchObject({ end: Infinity });
      expect(ranges.at(-1)!.start).toBeLessThanOrEqual(trapText(40).length);
    }
  });

  it('a file that is cut short, gives the error of the end in the last part', async () => {
    const text = trapText(40);
    for (const cut of [1, 9, 60]) await expectSame(text.slice(0, -cut), 1, 150);
  });

  it('an index behind the first record, is in the last part', async () => {
    const index = '* i test set late N 1 bin N\n';
    const text = trapText(20) + index + record('a').repeat(20);
    const ranges = await expectSame(text, 1, 100);
    expect(ranges.at(-1)!.start).toBeLessThanOrEqual(trapText(20).length);
  });

  it('a file without records, is one part', async () => {
    expect(await expectSame(HEAD, 1, 5)).toEqual([{ start: 0, end: Infinity }]);
    expect(await expectSame('', 1, 5)).toEqual([{ start: 0, end: Infinity }]);
  });

  it('hold the namespace of the header', async () => {
    const [, second] = await listRanges(trapText(20), 1, 100);
    expect(second!.startAt).toMatchObject({ namespace: 'test', version: '3.1', offset: second!.start });
  });
});
