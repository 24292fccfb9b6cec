import { describe, expect, it } from 'vitest';
import {
  infoCommand,
  type InfoParameters,
  infoPathCommand,
  InfoValueError,
} from '../../../src/aerospike/protocol/info-command.js';

describe('info command', () => {
  it('without parameters is its name', () => {
    expect(infoCommand('partition-generation')).toBe('partition-generation');
  });

  it('with parameters keeps their order', () => {
    const parameters = { namespace: 'test', set: 'a:b=c,d', indexname: 'i m', bin: 'ü', type: 'STRING' };
    expect(infoCommand('sindex-create', parameters)).toBe(
      'sindex-create:namespace=test;set=a:b=c,d;indexname=i m;bin=ü;type=STRING',
    );
    expect(infoCommand('get-config', { context: 'service' })).toBe('get-config:context=service');
  });

  it('of a UDF module ends in a semicolon', () => {
    expect(infoCommand('udf-get', { filename: 'ü x.lua' })).toBe('udf-get:filename=ü x.lua;');
    expect(infoCommand('udf-put', { filename: 'a.lua', content: '', 'content-len': 0, 'udf-type': 'LUA' })).toBe(
      'udf-put:filename=a.lua;content=;content-len=0;udf-type=LUA;',
    );
  });

  it('in path form separates with slashes', () => {
    expect(infoPathCommand('namespace', 'test')).toBe('namespace/test');
    expect(infoPathCommand('sindex', 'test', 'idx')).toBe('sindex/test/idx');
  });
});

describe('a name from a backup file cannot empty a namespace', () => {
  const evil = 'x\ntruncate-namespace:namespace=restored\nx';

  it.each([
    'ns',
    'namespace',
    'set',
    'indexname',
    'bin',
    'indexdata',
    'context',
    'exp',
    'filename',
    'content',
  ] as const)('parameter %s with a line feed is refused', (key) => {
    expect(() => infoCommand('sindex-create', { [key]: evil })).toThrow(InfoValueError);
  });

  it.each(['a;namespace=other', 'a\tb', 'a\0b', 'a\rb', 'a\x7fb', ''])('every name %j is refused', (value) => {
    for (const key of ['ns', 'namespace', 'set', 'indexname', 'bin', 'filename'] as const) {
      expect(() => infoCommand('c', { [key]: value })).toThrow(InfoValueError);
    }
  });

  it.each([
    { namespace: 'n'.repeat(32) },
    { set: 's'.repeat(64) },
    { set: 'ü'.repeat(32) },
    { bin: 'b'.repeat(16) },
    { indexname: 'i'.repeat(256) },
    { filename: 'f'.repeat(128) },
    { filename: '../x.lua' },
    { filename: '..\\x.lua' },
    { context: 'kiKiA2E' },
    { context: 'kiKi A2E=' },
    { context: 'A'.repeat(2052) },
    { exp: 'k=gEC' },
    { content: 'a===' },
    { indexdata: 'a,b,NUMERIC' },
    { type: 'STRING,x' },
    { 'content-len': '1x' },
  ] satisfies InfoParameters[])(
    'value beyond the limits of the server is refused: %j',
    (parameters: InfoParameters) => {
      expect(() => infoCommand('c', parameters)).toThrow(InfoValueError);
    },
  );

  it.each(['a/b', 'a:b', 'a;b', 'a\nb', ''])('namespace %j in path form is refused', (namespace) => {
    expect(() => infoPathCommand('namespace', namespace)).toThrow(InfoValueError);
    expect(() => infoPathCommand('sindex', 'test', namespace)).toThrow(InfoValueError);
  });

  it('the error names parameter and value on one line', () => {
    expect(() => infoCommand('udf-get', { filename: evil })).toThrow(
      /^Refused to send "x\\ntruncate-namespace:namespace=restored\\nx" as the UDF module name of an info command: it holds/,
    );
  });
});
