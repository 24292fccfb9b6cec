import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
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
});
