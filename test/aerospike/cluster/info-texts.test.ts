import { describe, expect, it } from 'vitest';
import { checkInfoValue } from '../../../src/aerospike/protocol/info.js';
import { buildAtLeast, parsePeers, parseReplicas, splitAddresses } from '../../../src/aerospike/cluster/peers.js';
import { parseSindex } from '../../../src/aerospike/commands/sindex.js';
import { formatPartitions } from '../../../src/aerospike/commands/scan.js';

describe('peer lists', () => {
  it('of a single node', () => {
    expect(parsePeers('0,3000,[]')).toEqual({ generation: 0, peers: [] });
  });

  it('with default ports, explicit ports and IPv6 addresses', () => {
    const text =
      '7,3000,[[BB9020011AC4202,,[172.17.0.3]],[BB9030011AC4202,name.tls,[172.17.0.4:3100,[2001:db8::4]:3100,[::1]]]]';
    expect(parsePeers(text)).toEqual({
      generation: 7,
      peers: [
        { name: 'BB9020011AC4202', tlsName: '', addresses: [{ host: '172.17.0.3', port: 3000 }] },
        {
          name: 'BB9030011AC4202',
          tlsName: 'name.tls',
          addresses: [
            { host: '172.17.0.4', port: 3100 },
            { host: '2001:db8::4', port: 3100 },
            { host: '::1', port: 3000 },
          ],
        },
      ],
    });
  });

  it.each(['', 'ERROR:25:enterprise only', '0,3000', '0,3000,[garbage]'])(
    'that make no sense are errors: %j',
    (text) => {
      expect(() => parsePeers(text)).toThrow(/peer list/);
    },
  );

  it('service addresses take the default port', () => {
    expect(splitAddresses('10.0.0.1,[::1]:4000,db.example:3100', 3000)).toEqual([
      { host: '10.0.0.1', port: 3000 },
      { host: '::1', port: 4000 },
      { host: 'db.example', port: 3100 },
    ]);
    expect(splitAddresses('', 3000)).toEqual([]);
  });
});

describe('partition maps', () => {
  const full = Buffer.alloc(512, 0xff).toString('base64');
  const first = Buffer.concat([Buffer.of(0x80), Buffer.alloc(511)]).toString('base64');

  it('of two namespaces with different replica counts', () => {
    const [test, other] = parseReplicas(`test:0,2,${full},${first};other:5,1,${first}`);
    expect(test).toMatchObject({ namespace: 'test', regime: 0 });
    expect(test!.bitmaps.map((bitmap) => bitmap[0])).toEqual([0xff, 0x80]);
    expect(other).toMatchObject({ namespace: 'other', regime: 5 });
  });

  it.each([`test:0,2,${full}`, 'test:0,1,AAAA', 'test'])('that are cut short are errors', (text) => {
    expect(() => parseReplicas(text)).toThrow(/partition map/);
  });
});

describe('server builds', () => {
  it.each([
    ['8.1.0.3', [8, 1], true],
    ['8.0.9.9', [8, 1], false],
    ['10.0', [8, 1], true],
    ['4.9.0.3', [4, 9], true],
    ['4.8.0.30', [4, 9], false],
    ['7.2.0-rc1', [7, 2, 0], true],
  ] as const)('%s ≥ %j: %s', (build, threshold, expected) => {
    expect(buildAtLeast(build, ...threshold)).toBe(expected);
  });
});

describe('info answers that refuse', () => {
  it.each([
    ['ERROR:4:unrecognized command', 4, 'unrecognized'],
    ['ERROR::no code', 1, 'no code'],
    ['FAIL:201:no index', 201, 'no index'],
    ['error:20:lower case', 20, 'lower case'],
  ])('%s', (value, code, text) => {
    expect(() => checkInfoValue('some-command', value)).toThrow(expect.objectContaining({ resultCode: code }) as Error);
    expect(() => checkInfoValue('some-command', value)).toThrow(new RegExp(text));
  });

  it('a value that merely begins like one is a value', () => {
    expect(() => checkInfoValue('c', 'error_count=3;other=1')).not.toThrow();
  });
});

describe('index lists', () => {
  it('of server 8.1: null in lower case means none', () => {
    const entry = 'ns=test:indexname=idx:set=null:bin=i:type=numeric:indextype=default:context=null:exp=null:state=RW';
    expect(parseSindex(entry)).toEqual({
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

  it('of server 4.9: other keys, other words', () => {
    const entry =
      'ns=test:set=NULL:indexname=idx:num_bins=1:bins=b:type=INT SIGNED:indextype=MAPKEYS:path=b:sync_state=synced:state=RW';
    expect(parseSindex(entry)).toMatchObject({ set: '', bin: 'b', dataType: 'N', indexType: 'K', context: '' });
  });

  it('with a context, and a set name that holds separators', () => {
    const entry =
      'ns=test:indexname=i m:set=a:b;c:bin=m:type=geo2dsphere:indextype=list:context=kiKiA2E=:exp=null:state=RW';
    expect(parseSindex(entry)).toMatchObject({ set: 'a:b;c', name: 'i m', context: 'kiKiA2E=', dataType: 'G' });
  });

  it('on an expression', () => {
    const entry = 'ns=t:indexname=e:set=s:bin=null:type=string:indextype=default:context=null:exp=kgEC:state=RW';
    expect(parseSindex(entry)).toMatchObject({ expression: 'kgEC', dataType: 'S' });
  });

  it('a set index is named, not mistaken for another kind', () => {
    expect(parseSindex('ns=t:indexname=si:set=s:indextype=set')).toBe('si');
  });

  it('an index of an unknown kind stops the backup instead of being lost', () => {
    expect(() => parseSindex('ns=t:indexname=i:set=s:bin=b:type=vector:indextype=default')).toThrow(/does not know/);
  });
});

describe('partition lists for people', () => {
  it('join neighbours', () => {
    expect(formatPartitions([0, 1, 2, 5, 7, 8])).toBe('0-2, 5, 7-8');
    expect(formatPartitions([])).toBe('');
  });

  it('stay short', () => {
    expect(formatPartitions(Array.from({ length: 50 }, (_, i) => i * 2)).endsWith('18, …')).toBe(true);
  });
});
