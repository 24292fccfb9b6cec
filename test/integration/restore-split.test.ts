/** One large file, restored by several workers, is restored as by one. */
import { expect, it } from 'vitest';
import { Bench, failing, HEAD, record, records, restore } from '../support/restore.js';

const bench = new Bench();
const split = { parallel: 4, splitSizes: { bytesPerWorker: 64 << 10, rangeBytes: 16 << 10 } };
// Files of three chunks, each of which ends a part.
const COUNT = 600;
const PARTS = { bins: [`S v 2500 ${'\n+ n test\n'.repeat(250)}`] };
const INDEX = '* i test demo byvalue N 1 v S\n';

function linesWith(text: string): string[] {
  return bench.lines.filter((line) => line.includes(text));
}

it('a plain file, has each record once, its indexes once, and one line for its start and end', async () => {
  const text = HEAD + INDEX + records(COUNT, 'k', PARTS);
  const path = bench.write('plain.asb', text);
  const result = await restore(bench.options(path, split));
  expect(result).toMatchObject({ records: COUNT, inserted: COUNT, failed: 0, sindexes: 1, bytes: text.length });
  expect(bench.objects()).toBe(COUNT);
  expect(linesWith('Opened backup file')).toHaveLength(1);
  expect(linesWith('plain.asb').filter((line) => line.includes(`${COUNT}`))).toHaveLength(1);
});

it('records that exist, are counted as by one worker', async () => {
  const path = bench.write('twice.asb', HEAD + records(COUNT, 'k', PARTS));
  await restore(bench.options(path, split));
  expect(await restore(bench.options(path, { ...split, unique: true }))).toMatchObject({
    records: COUNT,
    inserted: 0,
    existed: COUNT,
  });
});

it('a fault in the middle, has one error with its place, and nothing behind it is restored', async () => {
  const before = HEAD + records(COUNT, 'a', PARTS);
  const path = bench.write('fault.asb', `${before}+ x\n${records(COUNT, 'b', PARTS)}`);
  const line = before.split('\n').length;
  const error = await failing(restore(bench.options(path, split)));
  expect(error.result).toMatchObject({ records: COUNT, inserted: COUNT });
  expect(bench.objects()).toBe(COUNT);
  expect(bench.errors.filter((text) => text.includes(`fault.asb:${line}:`))).toHaveLength(1);
});

it('an index behind the records, is restored once, and so are the records behind it', async () => {
  const text = HEAD + records(COUNT, 'a', PARTS) + INDEX + records(COUNT, 'b', PARTS);
  const result = await restore(bench.options(bench.write('late.asb', text), split));
  expect(result).toMatchObject({ records: 2 * COUNT, inserted: 2 * COUNT, sindexes: 1, bytes: text.length });
});

it('a record of another namespace, has one error', async () => {
  const text = HEAD + records(COUNT, 'a', PARTS) + record('x', { namespace: 'other' }) + records(COUNT, 'b', PARTS);
  const error = await failing(restore(bench.options(bench.write('other.asb', text), split)));
  expect(error.result).toMatchObject({ records: COUNT + 1, inserted: COUNT, failed: 1 });
  expect(bench.errors.filter((line) => line.includes('namespace'))).toHaveLength(1);
});
