import { describe, expect, it } from 'vitest';
import { refuseNonUtf8 } from '../../../src/cli/args/words.js';

describe('words that are not UTF-8', () => {
  const latin1 = Buffer.from('636166e9', 'hex');

  it('are refused: the set would be another one, and the backup empty', () => {
    const words = () => ['node', 'asbackup', '-s'].map((word) => Buffer.from(word)).concat(latin1);
    expect(() => refuseNonUtf8(['-s', latin1.toString()], words)).toThrow('is not UTF-8');
    expect(() => refuseNonUtf8(['-s', latin1.toString()], () => undefined)).toThrow('is not UTF-8');
  });

  it('are told from words that hold the replacement character', () => {
    const words = () => ['node', '-s', 'caf\ufffd'].map((word) => Buffer.from(word));
    expect(() => refuseNonUtf8(['-s', 'caf\ufffd'], words)).not.toThrow();
    expect(() => refuseNonUtf8(['-s', 'caf\u00e9'], () => undefined)).not.toThrow();
  });
});
