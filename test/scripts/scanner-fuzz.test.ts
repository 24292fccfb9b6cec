/** Random and damaged files, with WebAssembly and without; `scripts/torture --records N` has far more. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../scripts/fuzz/random.js';
import { fuzzScanner } from '../../scripts/fuzz/scanner.js';
import { loadWasmModule } from '../../src/asb/wasm-module.js';

const RECORDS = 100_000;

describe('records of files with WebAssembly and without', () => {
  it('are the same frames, counts and errors', () => {
    const { scanned, refused, problems } = fuzzScanner(loadWasmModule('restore')!, RECORDS, seededRandom(14));
    expect(problems).toEqual([]);
    expect(scanned).toBeGreaterThan(RECORDS / 3);
    expect(refused).toBeGreaterThan(100);
  });
});
