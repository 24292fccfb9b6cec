import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

describe.each(['asbackup', 'asrestore'])('bin/%s', (name) => {
  interface Ended {
    code: number;
    stdout: string;
    stderr: string;
  }

  /** What the program with these words does; `others` are further runs of the same files. */
  async function inCopy(
    build: ((dist: string) => Promise<void>) | undefined,
    argv: string[],
    others: (run: (words: string[]) => Promise<Ended>) => Promise<void> = () => Promise.resolve(),
  ): Promise<Ended> {
    const root = await mkdtemp(join(tmpdir(), 'bin-'));
    try {
      await cp(new URL('../../bin', import.meta.url), join(root, 'bin'), { recursive: true });
      await writeFile(join(root, 'package.json'), '{"type":"module","version":"1.2.3"}');
      const dist = join(root, 'dist', 'bundle');
      if (build !== undefined) {
        await mkdir(dist, { recursive: true });
        await writeFile(join(dist, 'package.json'), '{"type":"commonjs"}');
        await build(dist);
      }
      const run = (words: string[]): Promise<Ended> =>
        new Promise((resolve) => {
          execFile(process.execPath, [join(root, 'bin', name), ...words], (error, stdout, stderr) => {
            resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
          });
        });
      const ended = await run(argv);
      await others(run);
      return ended;
    } finally {
      await rm(root, { recursive: true });
    }
  }

  it('passes its arguments on and exits with the code of the command', async () => {
    const main = 'exports.main = async (argv) => { console.log(argv.join("|")); return argv.length; };';
    const result = await inCopy((dist) => writeFile(join(dist, `${name}.js`), main), ['-n', 'a b', '--x']);
    expect(result).toEqual({ code: 3, stdout: '-n|a b|--x\n', stderr: '' });
  });

  it('without dist/ says that the project is not built', async () => {
    const { code, stderr } = await inCopy(undefined, ['--version']);
    expect(code).toBe(1);
    expect(stderr).toBe(`${name}: dist/ is missing; run "npm run build" first\n`);
  });

  it('shows name and code of an unexpected error but not its message, which may hold a password', async () => {
    const thrown = 'exports.main = async () => { throw Object.assign(new SyntaxError("hunter2"), { code: "X" }); };';
    const result = await inCopy((dist) => writeFile(join(dist, `${name}.js`), thrown), ['-P', 'hunter2']);
    expect(result).toEqual({ code: 1, stdout: '', stderr: `${name}: unexpected error SyntaxError (X)\n` });
    const gone = await inCopy((dist) => writeFile(join(dist, `${name}.js`), 'require("./gone.js");'), []);
    expect(gone).toMatchObject({ code: 1, stderr: `${name}: unexpected error Error (ENOENT)\n` });
  });

  it('takes the compiled code of a file, and compiles it where that is damaged or of another version', async () => {
    const source = `
      const before = require('./part.js').value;
      exports.main = async () => {
        const { load, scripts } = require(require('node:path').join(__dirname, '../../bin/load.js'));
        const taken = [...scripts.values()].map(({ cachedDataRejected }) => cachedDataRejected === false);
        const fs = require('node:fs');
        for (const [path, script] of scripts) fs.writeFileSync(path + '.cache', script.createCachedData());
        if (process.argv[2] === 'damage') fs.writeFileSync(__filename + '.cache', 'not what V8 has written');
        console.log(before, taken.join());
        return 0;
      };`;
    const runs: string[] = [];
    await inCopy(
      async (dist) => {
        await writeFile(join(dist, `${name}.js`), source);
        await writeFile(join(dist, 'part.js'), 'exports.value = 7;');
      },
      ['damage'],
      async (run) => {
        for (const words of [['x'], ['damage'], ['x']]) runs.push((await run(words)).stdout);
      },
    );
    expect(runs).toEqual(['7 false,true\n', '7 true,true\n', '7 false,true\n']);
  });

  it.each(['--version', '-V'])('answers %s without the program', async (word) => {
    const { code, stdout } = await inCopy((dist) => writeFile(join(dist, `${name}.js`), 'throw 1;'), [word]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/\nVersion 1\.2\.3\n$/) as string });
  });

  it.each(['--help', '-Z'])(
    'answers %s with what the build has written, else leaves it to the program',
    async (word) => {
      const main = 'exports.main = async () => { console.log("from the program"); return 0; };';
      const build = (dist: string): Promise<void> => writeFile(join(dist, `${name}.js`), main);
      expect(await inCopy(build, [word])).toMatchObject({ code: 0, stdout: 'from the program\n' });
      const withHelp = async (dist: string): Promise<void> => {
        await build(dist);
        await writeFile(join(dist, `${name}.help`), 'written\n');
      };
      expect(await inCopy(withHelp, [word])).toMatchObject({ code: 0, stdout: 'written\n' });
      expect(await inCopy(withHelp, [word, 'more'])).toMatchObject({ code: 0, stdout: 'from the program\n' });
    },
  );
});
