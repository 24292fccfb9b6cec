import { describe, expect, it } from 'vitest';
import { parseSindex } from '../../../src/aerospike/commands/sindex.js';

describe('entry of an index list', () => {
  it('of server 8.1 with null in lower case has no set', () => {
    const entry = 'ns=test:indexname=idx:set=null:bin=i:type=numeric:indextype=default:context=null:exp=null:state=RW';
    expect(parseSindex(entry, 'test')).toEqual({
      namespace: 'test',
      set: '',
      name: 'idx',
      indexType: 'N',
      bin: 'i',
      dataType: 'N',
      context: '',
      expression: '',
    });
  });

  it('of server 4.9 with other keys and words is read', () => {
    const entry =
      'ns=test:set=NULL:indexname=idx:num_bins=1:bins=b:type=INT SIGNED:indextype=MAPKEYS:path=b:sync_state=synced:state=RW';
    expect(parseSindex(entry, 'test')).toMatchObject({ set: '', bin: 'b', dataType: 'N', indexType: 'K', context: '' });
  });

  it('with a context and a set name that holds separators is read', () => {
    const entry =
      'ns=test:indexname=i m:set=a:b;c:bin=m:type=geo2dsphere:indextype=list:context=kiKiA2E=:exp=null:state=RW';
    expect(parseSindex(entry, 'test')).toMatchObject({ set: 'a:b;c', name: 'i m', context: 'kiKiA2E=', dataType: 'G' });
  });

  it('on an expression is read', () => {
    const entry = 'ns=test:indexname=e:set=s:bin=null:type=string:indextype=default:context=null:exp=kgEC:state=RW';
    expect(parseSindex(entry, 'test')).toMatchObject({ expression: 'kgEC', dataType: 'S' });
  });

  it('over a set as a whole is read as a set index', () => {
    expect(parseSindex('ns=test:indexname=si:set=s:indextype=set:state=RW', 'test')).toEqual({
      namespace: 'test',
      set: 's',
      name: 'si',
      indexType: 'S',
      bin: '',
      dataType: 'E',
      context: '',
      expression: '',
    });
  });

  it.each([
    ['ns=test:indexname=i:set=s:bin=b:type=vector:indextype=hnsw', /is of a kind that this program does not know/],
    ['ns=test:indexname=i:set=s:bin=b:type=numeric:indextype=default:num_bins=2', /is of a kind/],
    ['ns=other:indexname=i:set=s:bin=b:type=numeric:indextype=default', /belongs to another namespace/],
  ])('%s is skipped with its name, so that the other indexes are backed up and restored', (entry, reason) => {
    expect(parseSindex(entry, 'test')).toEqual({ name: 'i', reason: expect.stringMatching(reason) as string });
  });

  it('without a name is skipped', () => {
    expect(parseSindex('ns=test:set=s', 'test')).toMatchObject({
      name: '',
      reason: expect.stringMatching(/cannot be read/) as string,
    });
  });
});
