import { describe, expect, it } from 'vitest';
import { readProxy } from '../../../src/config/storage-config.js';
import { selectProxy } from '../../../src/storage/s3/proxy.js';
import { parseEndpoint } from '../../../src/storage/s3/sdk.js';

describe('the connection to S3', () => {
  it.each([
    ['h:1', 'http://h:1/'],
    ['https://h', 'https://h/'],
    ['HTTPS://h:4', 'https://h:4/'],
    ['ftp://h', 'http://h/'],
  ])('an endpoint %s is the URL %s', (text, url) => {
    expect(parseEndpoint(text).href).toBe(url);
  });
  it.each(['', 'h:x', 'http://user:secret@h'])('%s is no endpoint', (text) => {
    expect(() => parseEndpoint(text)).toThrow('is not an address');
  });

  it('goes through the proxy of the environment, but for the hosts that are excepted', () => {
    const proxy = readProxy({ http_proxy: 'p:3', HTTPS_PROXY: 'http://q:4', NO_PROXY: 'a.b, .c.d,e:9' });
    const via = (text: string): string | undefined => {
      const { protocol, hostname, port } = new URL(text);
      return selectProxy(proxy, { protocol, hostname, port: Number(port || 80) })?.host;
    };
    expect(['http://x', 'https://x'].map(via)).toEqual(['p:3', 'q:4']);
    expect(['http://a.b', 'http://x.a.b', 'http://x.c.d', 'http://e:9'].map(via)).toEqual(Array(4).fill(undefined));
    expect(['http://aa.b', 'http://e:8'].map(via)).toEqual(['p:3', 'p:3']);
    const odd = { http: 'socks5://user:hidden@p', exceptions: [] };
    const ask = (): unknown => selectProxy(odd, { protocol: 'http:', hostname: 'x', port: 80 });
    expect(ask).toThrow(/http:\/\/HOST:PORT/);
    expect(ask).not.toThrow(/hidden/);
  });
});
