import { describe, expect, it } from 'vitest';
import { parseAddresses, parsePeers } from '../../../src/aerospike/cluster/peers.js';

describe('peer list', () => {
  it('of a single node is empty', () => {
    expect(parsePeers('0,3000,[]')).toEqual({ generation: 0, peers: [] });
  });

  it('with default ports, explicit ports and IPv6 addresses gives all addresses', () => {
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

  it.each(['', 'ERROR:25:enterprise only', '0,3000', '0,3000,[garbage]'])('%j is refused', (text) => {
    expect(() => parsePeers(text)).toThrow(/peer list/);
  });

  it('service addresses without a port get the default port', () => {
    expect(parseAddresses('10.0.0.1,[::1]:4000,db.example:3100', 3000)).toEqual([
      { host: '10.0.0.1', port: 3000 },
      { host: '::1', port: 4000 },
      { host: 'db.example', port: 3100 },
    ]);
    expect(parseAddresses('', 3000)).toEqual([]);
  });

  it('of 600 KB is read without a quadratic search, however its brackets are nested', () => {
    const startedAt = performance.now();
    const peer = '[BB9020011AC4202,,[172.17.0.3]]';
    expect(parsePeers(`0,3000,[${new Array(20_000).fill(peer).join(',')}]`).peers).toHaveLength(20_000);
    for (const garbage of [
      '['.repeat(600_000),
      '[a,b,['.repeat(100_000),
      '[a,b,[c'.repeat(90_000),
      '[,,[]],'.repeat(90_000),
    ]) {
      expect(() => parsePeers(`0,3000,[${garbage}]`)).toThrow(/peer list/);
    }
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it('with a port that is none skips the address', () => {
    expect(parseAddresses('10.0.0.1:0,10.0.0.1:70000,10.0.0.1:99999999999,10.0.0.2:1', 3000)).toEqual([
      { host: '10.0.0.2', port: 1 },
    ]);
  });
});
