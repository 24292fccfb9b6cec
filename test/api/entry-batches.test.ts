/** Entries are the same with the module that reads ordinary records and without it. */
import { describe, expect, it } from 'vitest';
import { mutate } from '../../scripts/fuzz/run.js';
import { seededRandom } from '../../scripts/fuzz/random.js';
import { createText } from '../../scripts/fuzz/scanner-text.js';
import { readBatches } from '../../src/api/entry-batches.js';
import type { BackupEntry } from '../../src/api/entries.js';
import { FormatError } from '../../src/asb/errors.js';
import { loadWasmModule } from '../../src/asb/wasm-module.js';
import { Codecs } from '../../src/codecs/codecs.js';
import { fixture } from '../support/asb.js';
import { MemorySource } from '../support/codecs.js';

const module = loadWasmModule('restore')!;

const DIGEST = 'tlifxqsNyCzxIJnRwtQKuZToQQw=';
const HEADER = 'Version 3.1\n# namespace test\n# first-file\n';

function record(bins: readonly string[], { key = '', set = '+ s bench\n', meta = '+ g 1\n+ t 0\n' } = {}): string {
  return `${key}+ n test\n+ d ${DIGEST}\n${set}${meta}+ b ${bins.length}\n${bins.map((bin) => `- ${bin}\n`).join('')}`;
}
const FIRST = record(['I first 1']);
const text = (...records: string[]): Buffer => Buffer.from(HEADER + FIRST + records.join(''), 'latin1');

class TextSource extends MemorySource {
  closed = 0;
  override close(): Promise<void> {
    this.closed++;
    return super.close();
  }
}
const codecs = await Codecs.open({});

interface Outcome {
  entries: BackupEntry[];
  batches: number;
  error: string;
}

async function readAll(
  input: Buffer,
  { withModule = true, sizes = [1 << 19], bins = [] as string[] } = {},
): Promise<Outcome> {
  const source = new TextSource(input, sizes);
  const outcome: Outcome = { entries: [], batches: 0, error: '' };
  try {
    const options = { bins, module: withModule ? module : undefined, signal: undefined };
    for await (const batch of readBatches(codecs.decode(source), options)) {
      outcome.entries.push(...batch);
      outcome.batches++;
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    outcome.error = error.message;
  }
  expect(source.closed).toBe(1);
  return outcome;
}

async function expectSame(input: Buffer, options: { sizes?: number[]; bins?: string[] } = {}): Promise<Outcome> {
  const ours = await readAll(input, options);
  const oracle = await readAll(input, { ...options, withModule: false });
  expect(ours.error).toBe(oracle.error);
  expect(ours.entries).toStrictEqual(oracle.entries);
  return ours;
}

const RECORDS = [
  record(['I number 123', 'S text 24 value of record 0       ', 'D half 0.5']),
  record(['I a -9223372036854775808', 'I b 9223372036854775807', 'Z t T', 'Z f F'], { key: '+ k I -7\n' }),
  record(['B blob 8 AAECAw==', 'B! raw 4 \0\n\x01\xff', 'G geo 2 {}', 'L list 4 kwEC'], { key: '+ k S 4 a\nbc\n' }),
  record(['M map 8 gQECAwQF', 'Y hll 0 ', 'J j 4 AAAA', 'C c 4 AAA=', 'P p 4 AA==', 'R r 0 ', 'H h 0 ', 'E e 0 ']),
  record(['D two 2', 'D zero -0.0', 'D none nan', 'D most inf'], { key: '+ k D 2.5\n', set: '' }),
  record(['S empty 0 ', 'S utf8 4 \xc3\xa4\xff\xc3', 'N nothing'], { meta: '+ g 0\n+ t 500000001\n' }),
  record(['I expired 1'], { key: '+ k B 4 AAEC\n', meta: '+ g 65535\n+ t 1\n' }),
  record(['I long-lived 1'], { set: '+ s null\n', meta: '+ g 2\n+ t 4294967295\n' }),
  // A restore takes the persist bit out of the list.
  record(['L! list 5 \x92\xc7\x00\x11\x01', 'I \\ space 1']),
  record([]),
];

describe('readBatches, with the module and without it', () => {
  it('gives the same records', async () => {
    const { entries, error } = await expectSame(text(...RECORDS));
    expect(error).toBe('');
    expect(entries).toHaveLength(RECORDS.length + 1);
    expect(entries[9]).toMatchObject({ bins: [{ bytes: Buffer.from([0x92, 0xc7, 0, 0x11, 1]) }, { name: ' space' }] });
    expect(entries[5]).toMatchObject({
      key: { type: 'double', value: 2.5 },
      bins: [{ type: 'double', value: 2 }, {}, {}, {}],
    });
    expect(entries[7]).toMatchObject({ voidTime: 1, generation: 65535, expiresAt: new Date(1262304001000) });
  });

  it('gives the same records wherever the text is cut', async () => {
    const input = text(...RECORDS);
    for (let at = 1; at < input.length; at += 13) await expectSame(input, { sizes: [at, input.length] });
    for (const bytes of [1, 7, 64]) await expectSame(input, { sizes: [bytes] });
  });

  it('keeps records of which no bin is wanted', async () => {
    const { entries } = await expectSame(text(...RECORDS), { bins: ['number', 'two', 'x'.repeat(15)] });
    expect(entries).toHaveLength(RECORDS.length + 1);
  });

  it('takes filters of more names than the module has room for', async () => {
    const bins = Array.from({ length: 100 }, (_, i) => `n${i}`);
    await expectSame(text(...RECORDS), { bins: [...bins, 'number'] });
  });

  it('gives indexes and modules in their place', async () => {
    await expectSame(fixture('backups/corpus.asb'), { sizes: [1000] });
    await expectSame(fixture('vectors/sample.asb'));
  });

  it('gives what precedes a fault, in more than one batch', async () => {
    const many = Array<string>(1000).fill(RECORDS[0]!);
    const { entries, batches, error } = await expectSame(text(...many, '+ x', ...many));
    expect(entries).toHaveLength(1001);
    expect(batches).toBeGreaterThan(3);
    expect(error).toContain(':9011:3 ');
  });

  it('gives records around one that is larger than the memory of the module', async () => {
    const large = record([`S a 1200000 ${'x\n'.repeat(600_000)}`]);
    const { entries } = await expectSame(text(RECORDS[0]!, large, RECORDS[1]!, RECORDS[2]!), { sizes: [500_000] });
    expect(entries).toHaveLength(5);
  });

  it('refuses and takes random and damaged text alike', async () => {
    const random = seededRandom(11);
    for (let i = 0; i < 100; i++) {
      const whole = createText(random, 40);
      const input = random.below(3) > 0 ? whole : mutate(whole, random);
      const sizes = random.below(3) > 0 ? [1 << 19] : [1 + random.below(input.length), 1 + random.below(40)];
      await expectSame(input, { sizes, bins: random.below(4) > 0 ? [] : ['number', 'text', 'a'] });
    }
  });
});

describe('readBatches', () => {
  it('gives bytes that later records do not change', async () => {
    const records = Array.from({ length: 2000 }, (_, i) => record([`S text 4 ${String(i).padStart(4, '0')}`]));
    const { entries } = await readAll(text(...records));
    const seen = entries.slice(1).map((entry) => {
      const bin = entry.kind === 'record' ? entry.bins[0] : undefined;
      return bin?.type === 'string' ? bin.bytes.toString() : '';
    });
    expect(seen).toEqual(records.map((_, i) => String(i).padStart(4, '0')));
  });

  it('ends between two batches when its signal aborts', async () => {
    const source = new TextSource(text(...Array<string>(1000).fill(RECORDS[0]!)));
    const stop = new AbortController();
    const batches = readBatches(codecs.decode(source), { bins: [], module, signal: stop.signal });
    await batches.next();
    stop.abort(new Error('enough'));
    await expect(batches.next()).rejects.toThrow('enough');
    expect(source.closed).toBe(1);
  });
});
