/** The compiled modules, and the tables that they share with TypeScript. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MAX_POWER, POWER_HIGH, POWER_LOW, powerIndex } from '../../../src/asb/numbers/power-table.js';
import { instantiateWasm, loadWasmModule } from '../../../src/asb/wasm-module.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

describe('the WebAssembly modules', () => {
  it('are compiled once', () => {
    const module = loadWasmModule('backup');
    expect(module).toBeDefined();
    expect(loadWasmModule('backup')).toBe(module);
  });

  it('have the powers of ten of TypeScript', () => {
    const text = readFileSync(join(ROOT, 'src/asb/wasm/powers.ts'), 'utf8');
    const [, list = ''] = /memory\.data<f64>\(\s*\[([^\]]*)\]/.exec(text) ?? [];
    const numbers = list.split(',').flatMap((one) => (one.trim() === '' ? [] : Number(one)));
    const expected: number[] = [];
    for (let k = -MAX_POWER; k <= MAX_POWER; k++) {
      const index = powerIndex(k);
      // Zero has no sign here.
      expected.push(POWER_HIGH[index]!, POWER_LOW[index]! + 0);
    }
    expect(numbers).toEqual(expected);
    // As the module holds them: the table lies in its memory as it stands there.
    const { memory } = instantiateWasm<object>(loadWasmModule('backup')!, 0)!;
    expect(memory.includes(Buffer.from(new Float64Array(expected).buffer))).toBe(true);
  });
});
