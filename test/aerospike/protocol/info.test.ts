import { describe, expect, it } from 'vitest';
import { throwIfRefused } from '../../../src/aerospike/protocol/info.js';

describe('info value', () => {
  it.each([
    ['ERROR:4:unrecognized command', 4, 'unrecognized'],
    ['ERROR::no code', 1, 'no code'],
    ['FAIL:201:no index', 201, 'no index'],
    ['error:20:lower case', 20, 'lower case'],
  ])('%s is thrown as an error with its code', (value, code, text) => {
    expect(() => throwIfRefused('some-command', value)).toThrow(expect.objectContaining({ resultCode: code }) as Error);
    expect(() => throwIfRefused('some-command', value)).toThrow(new RegExp(text));
  });

  it('that merely begins like an error is a value', () => {
    expect(() => throwIfRefused('c', 'error_count=3;other=1')).not.toThrow();
  });
});
