import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Particle } from '../../../src/core/particle.js';
import { exportBackup, type ExportConfig } from '../../../src/engine/catalog/export.js';
import type { PlainRecord } from '../../support/asb.js';
import { MemorySink } from '../../support/codecs.js';
import {
  double,
  integerBin,
  NEVER,
  plainRecord,
  SEALED,
  temporaryDirectory,
  textBin,
  writeBackup,
} from '../../support/backup-files.js';

const root = temporaryDirectory();
let next = 0;

async function exportText(records: readonly PlainRecord[], config: Partial<ExportConfig> = {}): Promise<string> {
  const files = await writeBackup(join(root, `b${next++}`), { records, perFile: 2, codecs: SEALED });
  const sink = new MemorySink();
  const options = { format: 'jsonl', bins: [], sets: [], typed: false, largeIntegersAsStrings: false } as const;
  const result = await exportBackup(files, sink, { ...options, signal: NEVER, ...config });
  expect(sink.state).toBe('closed');
  expect(result.bytes).toBe(sink.bytes.length);
  return sink.bytes.toString();
}

const records = [
  plainRecord(1, {
    voidTime: 500_000_000,
    generation: 3,
    bins: [
      integerBin('big', 2n ** 63n - 1n),
      { name: Buffer.from('d'), particle: Particle.FLOAT, value: double(2) },
      { name: Buffer.from('raw'), particle: Particle.BLOB, value: Buffer.of(1, 2) },
    ],
  }),
  plainRecord(2, { set: Buffer.alloc(0), keyType: 0, key: Buffer.alloc(0), bins: [textBin('key', 'a,"b"\nc')] }),
  plainRecord(3, { bins: [textBin('key', ''), { name: Buffer.from('n'), particle: 0, value: Buffer.alloc(0) }] }),
];
const hex = (n: number): string => plainRecord(n).digest.toString('hex');

describe('exportBackup', () => {
  it('records as lines of JSON, hold everything of the file', async () => {
    expect(await exportText(records)).toBe(
      [
        `{"namespace":"test","set":"demo","key":1,"digest":"${hex(1)}","generation":3,"voidTime":500000000,` +
          '"expiresAt":"2025-11-05T00:53:20.000Z","bins":{"big":9223372036854775807,"d":2.0,"raw":"AQI="}}',
        `{"namespace":"test","digest":"${hex(2)}","generation":1,"bins":{"key":"a,\\"b\\"\\nc"}}`,
        `{"namespace":"test","set":"demo","key":3,"digest":"${hex(3)}","generation":1,"bins":{"key":"","n":null}}`,
        '',
      ].join('\n'),
    );
  });

  it('records as CSV, have a column for each bin of any record', async () => {
    expect(await exportText(records, { format: 'csv' })).toBe(
      [
        'namespace,set,key,digest,generation,voidTime,expiresAt,big,d,raw,bin.key,n',
        `test,demo,1,${hex(1)},3,500000000,2025-11-05T00:53:20.000Z,9223372036854775807,2.0,AQI=,,`,
        `test,,,${hex(2)},1,0,,,,,"a,""b""\nc",`,
        `test,demo,3,${hex(3)},1,0,,,,,"",`,
        '',
      ].join('\r\n'),
    );
  });

  it('chosen sets and bins, leave the others out', async () => {
    const config = { format: 'csv', sets: ['demo'], bins: ['d', 'key'] } as const;
    expect(await exportText(records, config)).toBe(
      [
        'namespace,set,key,digest,generation,voidTime,expiresAt,d,bin.key',
        `test,demo,1,${hex(1)},3,500000000,2025-11-05T00:53:20.000Z,2.0,`,
        `test,demo,3,${hex(3)},1,0,,,""`,
        '',
      ].join('\r\n'),
    );
    expect(await exportText(records, { sets: [''] })).toContain(hex(2));
  });

  it('names that look like others, stay apart in both formats', async () => {
    const names = ['key', 'bin.key', 'caf\xe9', 'caf\xea', '\xef\xbf\xbd'];
    const bins = names.map((name, i) => ({ ...integerBin('x', BigInt(i)), name: Buffer.from(name, 'latin1') }));
    const text = await exportText([plainRecord(1, { bins })], { format: 'csv' });
    expect(text.split('\r\n')[0]).toMatch(/,bin\.key,bin\.bin\.key,caf\\xe9,caf\\xea,\ufffd$/);
    expect(text.split('\r\n')[1]).toMatch(/,0,1,2,3,4$/);
    const line = JSON.parse(await exportText([plainRecord(1, { bins })])) as { bins: Record<string, number> };
    expect(line.bins).toEqual({ key: 0, 'bin.key': 1, 'caf\\xe9': 2, 'caf\\xea': 3, '\ufffd': 4 });
  });

  it('a sink that fails, is given up and the error comes out', async () => {
    const files = await writeBackup(join(root, `b${next++}`), { records });
    const sink = new MemorySink();
    sink.failAt = 0;
    const config: ExportConfig = {
      format: 'jsonl',
      bins: [],
      sets: [],
      typed: false,
      largeIntegersAsStrings: false,
      signal: NEVER,
    };
    await expect(exportBackup(files, sink, config)).rejects.toThrow('the disk is full');
    expect(sink.state).toBe('abandoned');
  });
});
