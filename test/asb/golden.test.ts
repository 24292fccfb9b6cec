import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RecordEncoder } from '../../src/asb/encoder.js';
import { Particle } from '../../src/core/particle.js';
import { decode, fixture, records, reencode, toView } from '../support/asb.js';
import type { Bin } from '../support/asb.js';

interface Golden {
  files: readonly string[];
  compact?: boolean;
  /** As the log of the C tool says, but for indexes, of which it counts those that it leaves out with their set. */
  records: number;
  indexes: number;
  modules: number;
}

const ALL = { records: 200, indexes: 8, modules: 2 };
const BACKUPS: Readonly<Record<string, Golden>> = {
  plain: { files: ['plain/test_00000.asb'], ...ALL },
  compact: { files: ['compact/test_00000.asb'], compact: true, ...ALL },
  'no-bins': { files: ['no-bins/test_00000.asb'], ...ALL },
  'bin-list': { files: ['bin-list/test_00000.asb'], ...ALL, records: 100 },
  'people-set': { files: ['people-set/test_00000.asb'], ...ALL, records: 33, indexes: 4 },
  'two-sets': { files: ['two-sets/test_00000.asb'], ...ALL, records: 62, indexes: 7 },
  parallel4: { files: [0, 1, 2, 3].map((i) => `parallel4/test_0000${i}.asb`), ...ALL },
  limit: { files: [0, 1].map((i) => `limit/test_0000${i}.asb`), ...ALL },
  partitions: { files: ['partitions/test_00000.asb'], ...ALL, records: 103 },
  'no-records': { files: ['no-records/test_00000.asb'], ...ALL, records: 0 },
  'one file': { files: ['file.asb'], ...ALL },
  'standard output': { files: ['stdout.asb'], ...ALL },
  'what was restored first': { files: ['corpus.asb'], ...ALL },
};

describe('backups that the C tool wrote of a real server', () => {
  it.each(Object.entries(BACKUPS))('%s: everything is read, and written again byte for byte', (_name, golden) => {
    const seen = { records: 0, indexes: 0, modules: 0 };
    let firstFiles = 0;
    for (const file of golden.files) {
      const text = fixture(`backups/${file}`);
      const decoded = decode(text, { chunks: [4096] });
      for (const entry of decoded.entries) {
        if (entry.kind === 'record') seen.records++;
        else if (entry.kind === 'sindex') seen.indexes++;
        else if (entry.kind === 'udf') seen.modules++;
      }
      if (decoded.decoder.meta.firstFile === true) firstFiles++;
      expect(decoded.decoder.meta.namespace).toBe('test');
      expect(reencode(decoded, golden.compact ?? false).equals(text), file).toBe(true);
      const { line, column, offset } = decoded.decoder.position;
      expect([line, column, offset]).toEqual([text.toString('latin1').split('\n').length, 1, text.length]);
    }
    expect(seen).toEqual({ records: golden.records, indexes: golden.indexes, modules: golden.modules });
    expect(firstFiles).toBe(1);
  });

  it('holds the same records whether compact or not, in one file or in four', () => {
    const byDigest = (files: readonly string[]): Buffer => {
      const encoder = new RecordEncoder({ namespace: 'test', compact: true });
      files
        .flatMap((file) => records(decode(fixture(`backups/${file}`))))
        .sort((a, b) => a.digest.compare(b.digest))
        .forEach((record) => {
          encoder.encode(toView(record));
        });
      return encoder.drain();
    };
    const plain = byDigest(BACKUPS['plain']!.files);
    for (const name of ['compact', 'parallel4', 'limit', 'one file', 'standard output']) {
      expect(byDigest(BACKUPS[name]!.files).equals(plain), name).toBe(true);
    }
  });

  it('has the values that the corpus was made of', () => {
    type CorpusBin = [type: string, textOrHash: string, size?: number];
    const corpus = JSON.parse(fixture('backups/corpus.json').toString()) as Record<
      string,
      { set: string; bins: Record<string, CorpusBin> }
    >;
    const decoded = records(decode(fixture('backups/corpus.asb')));
    expect(decoded).toHaveLength(Object.keys(corpus).length);
    const matches = (bin: Bin, [type, text, size]: CorpusBin): boolean => {
      if (size !== undefined) {
        return bin.value.length === size && createHash('sha1').update(bin.value).digest('hex') === text;
      }
      if (type === 'I') return String(bin.value.readBigInt64BE()) === text;
      if (type === 'Z') return bin.value.equals(Buffer.of(text === 'T' ? 1 : 0));
      if (text.includes('nan')) return Number.isNaN(bin.value.readDoubleBE());
      return Object.is(bin.value.readDoubleBE(), Number(text.replace('inf', 'Infinity')));
    };
    for (const record of decoded) {
      const want = corpus[record.digest.toString('base64')]!;
      expect(record.set.toString()).toBe(want.set);
      expect(record.bins.map((bin) => bin.name.toString()).sort()).toEqual(Object.keys(want.bins).sort());
      for (const bin of record.bins) {
        expect(bin.particle).not.toBe(Particle.NULL);
        expect(matches(bin, want.bins[bin.name.toString()]!), bin.name.toString()).toBe(true);
      }
    }
  });

  it('keeps to the wanted bins', () => {
    const text = fixture('backups/plain/test_00000.asb');
    const whole = records(decode(text));
    const some = decode(text, { bins: ['id', 'ünï', 'not there'] });
    records(some).forEach((record, i) => {
      const expected = whole[i]!.bins.filter((bin) => ['id', 'ünï'].includes(bin.name.toString()));
      expect(record).toEqual({ ...whole[i], bins: expected });
    });
    expect(some.entries.flatMap((entry) => (entry.kind === 'record' ? [entry.binsInFile] : []))).toEqual(
      whole.map((record) => record.bins.length),
    );
  });
});
