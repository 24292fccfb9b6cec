import { describe, expect, it } from 'vitest';
import { formatPartitions } from '../../../src/aerospike/commands/partitions-text.js';

describe('list of partitions in a message', () => {
  it('joins neighbors', () => {
    expect(formatPartitions([0, 1, 2, 5, 7, 8])).toBe('0-2, 5, 7-8');
    expect(formatPartitions([])).toBe('');
  });

  it('shows ten ranges at most', () => {
    expect(formatPartitions(Array.from({ length: 50 }, (_, i) => i * 2)).endsWith('18, …')).toBe(true);
  });
});
