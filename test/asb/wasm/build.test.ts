/** The compiled modules: the same bytes wherever they are built, and the tables that they share with TypeScript. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { MAX_POWER, POWER_HIGH, POWER_LOW, powerIndex } from '../../../src/asb/numbers/power-table.js';
import { instantiateWasm, loadWasmModule } from '../../../src/asb/wasm-module.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'asbackup-wasm-'));

afterAll(() => rmSync(scratch, { recursive: true }));

describe('the WebAssembly modules', () => {
  it('are the same bytes when they are built again', () => {
    execFileSync(join(ROOT, 'scripts/build-wasm'), [scratch], { stdio: 'pipe' });
    const names = readdirSync(scratch);
    expect(names).toContain('backup.wasm');
    for (const name of names) {
      const built = readFileSync(join(ROOT, 'dist/asb/wasm', name));
      expect(readFileSync(join(scratch, name)).equals(built), name).toBe(true);
    }
  });

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
