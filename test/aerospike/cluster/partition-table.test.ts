import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../src/aerospike/errors.js';
import {
  type NamespaceReplicas,
  parseReplicas,
  PartitionTable,
} from '../../../src/aerospike/cluster/partition-table.js';

describe('replicas of a node', () => {
  const full = Buffer.alloc(512, 0xff).toString('base64');
  const first = Buffer.concat([Buffer.of(0x80), Buffer.alloc(511)]).toString('base64');

  it('of two namespaces with different replica counts gives their bitmaps', () => {
    const [test, other] = parseReplicas(`test:0,2,${full},${first};other:5,1,${first}`);
    expect(test).toMatchObject({ namespace: 'test', regime: 0 });
    expect(test!.bitmaps.map((bitmap) => bitmap[0])).toEqual([0xff, 0x80]);
    expect(other).toMatchObject({ namespace: 'other', regime: 5 });
  });

  it.each([`test:0,2,${full}`, 'test:0,1,AAAA', 'test'])('cut short is refused: %s', (text) => {
    expect(() => parseReplicas(text)).toThrow(ProtocolError);
  });

  it('with more than 256 replicas are refused before they are decoded', () => {
    const many = new Array(20_000).fill(full).join(',');
    const startedAt = performance.now();
    expect(() => parseReplicas(`test:0,20000,${many}`)).toThrow(/partition map/);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(parseReplicas(`test:0,256,${new Array(256).fill(full).join(',')}`)[0]!.bitmaps).toHaveLength(256);
  });
});

describe('partition table', () => {
  const bitmap = (...partitions: number[]): Buffer => {
    const bytes = Buffer.alloc(512);
    for (const p of partitions) bytes[p >> 3]! |= 0x80 >> (p & 7);
    return bytes;
  };
  const report = (regime: number, ...bitmaps: Buffer[]): NamespaceReplicas[] => [
    { namespace: 'test', regime, bitmaps },
  ];

  it('gives the master before the other replicas', () => {
    const table = new PartitionTable<string>();
    table.add('a', report(0, bitmap(0, 1), bitmap(4095)));
    table.add('b', report(0, bitmap(4095), bitmap(0)));
    expect(table.owners('test', 0)).toEqual(['a', 'b']);
    expect(table.owners('test', 1)).toEqual(['a']);
    expect(table.owners('test', 4095)).toEqual(['b', 'a']);
    expect(table.owners('test', 2)).toEqual([]);
    expect(table.holders('test', 1)[4095]).toBe('a');
  });

  it('prefers the newer regime when two nodes claim a partition', () => {
    const table = new PartitionTable<string>();
    table.add('new', report(5, bitmap(7)));
    table.add('old', report(4, bitmap(7, 8)));
    expect(table.owners('test', 7)).toEqual(['new']);
    expect(table.owners('test', 8)).toEqual(['old']);
  });

  it('knows the nodes that have a namespace, also those without partitions of it', () => {
    const table = new PartitionTable<string>();
    table.add('a', report(0, bitmap()));
    table.add('b', []);
    expect(table.nodesWith('test')).toEqual(['a']);
    expect(table.nodesWith('other')).toEqual([]);
    expect(table.hasNamespace('other')).toBe(false);
  });
});
