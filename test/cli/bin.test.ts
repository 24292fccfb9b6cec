import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

describe.each(['asbackup', 'asrestore'])('bin/%s', (name) => {
  async function inCopy(build: ((dist: string) => Promise<void>) | undefined, argv: string[]) {
    const root = await mkdtemp(join(tmpdir(), 'bin-'));
    try {
      await cp(new URL('../../bin', import.meta.url), join(root, 'bin'), { recursive: true });
      await writeFile(join(root, 'package.json'), '{"type":"module"}');
      const dist = join(root, 'dist', 'bundle');
      if (build !== undefined) {
        await mkdir(dist, { recursive: true });
        await build(dist);
      }
      return await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
        execFile(process.execPath, [join(root, 'bin', name), ...argv], (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        });
      });
    } finally {
      await rm(root, { recursive: true });
    }
  }

  it('passes its arguments on and exits with the code of the command', async () => {
    const main = 'export const main = async (argv) => { console.log(argv.join("|")); return argv.length; };';
    const result = await inCopy((dist) => writeFile(join(dist, `${name}.js`), main), ['-n', 'a b', '--x']);
    expect(result).toEqual({ code: 3, stdout: '-n|a b|--x\n', stderr: '' });
  });

  it('without dist/ says that the project is not built', async () => {
    const { code, stderr } = await inCopy(undefined, ['--version']);
    expect(code).toBe(1);
    expect(stderr).toBe(`${name}: dist/ is missing; run "npm run build" first\n`);
  });

  it('shows name and code of an unexpected error but not its message, which may hold a password', async () => {
    const thrown =
      'export const main = async () => { throw Object.assign(new SyntaxError("hunter2"), { code: "X" }); };';
    const result = await inCopy((dist) => writeFile(join(dist, `${name}.js`), thrown), ['-P', 'hunter2']);
    expect(result).toEqual({ code: 1, stdout: '', stderr: `${name}: unexpected error SyntaxError (X)\n` });
    const gone = await inCopy((dist) => writeFile(join(dist, `${name}.js`), 'import "./gone.js";'), []);
    expect(gone).toMatchObject({ code: 1, stderr: `${name}: unexpected error Error (ERR_MODULE_NOT_FOUND)\n` });
  });
});
