/** What a user gets: the packed file holds what is needed and nothing else, and works from a directory of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../support/target.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The bundle has the packages that the service needs to start, so that they are there twice for who installs. */
const MAX_BYTES = 2_150_000;

interface Manifest {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  scripts: Record<string, string>;
  bin: Record<string, string>;
  man: string[];
}

const scratch = mkdtempSync(join(tmpdir(), 'asbackup-package-'));
const unpacked = join(scratch, 'package');
let files: string[];
let packedBytes: number;
let manifest: Manifest;
let server: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  const env = { ...process.env, npm_config_loglevel: 'error', npm_config_offline: 'true' };
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', scratch], { cwd: ROOT, env });
  const archive = execFileSync('sh', ['-c', 'echo *.tgz'], { cwd: scratch, encoding: 'utf8' }).trim();
  packedBytes = statSync(join(scratch, archive)).size;
  const listing = execFileSync('tar', ['-tzf', archive], { cwd: scratch, encoding: 'utf8' });
  files = listing
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
  execFileSync('tar', ['-xzf', archive], { cwd: scratch });
  manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies)) link(name);
  server = await startServer([]);
});

afterAll(async () => {
  await server.stop();
  rmSync(scratch, { recursive: true });
});

/** Only what the package declares; what that needs in turn is found beside the real thing. */
function link(name: string): void {
  const path = join(unpacked, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), path);
}

function run(
  tool: 'asbackup' | 'asrestore',
  ...args: string[]
): { code: number | null; stdout: string; stderr: string } {
  const argv = [join(unpacked, manifest.bin[tool]!), '--no-config-file', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: scratch, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

const reach = (): string[] => ['-h', server.host, '-p', String(server.port)];

describe('the packed file', () => {
  it('is small', () => {
    expect(packedBytes).toBeLessThan(MAX_BYTES);
  });

  it('holds the commands, the pages and the code, and nothing of the workshop', () => {
    for (const file of [...Object.values(manifest.bin), ...manifest.man.map((page) => page.replace(/^\.\//, ''))]) {
      expect(files).toContain(file);
    }
    for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'conf/astools.conf.sample', 'completions/_asbackup']) {
      expect(files).toContain(file);
    }
    const needed = /^(?:bin|completions|conf|dist|examples|man)\/|^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    expect(files.filter((file) => !needed.test(file))).toEqual([]);
    expect(files.filter((file) => /^dist\/(?:embedded|cli\/pages)\/|\.map$|\.tsbuildinfo$/.test(file))).toEqual([]);
    const other = files.filter((file) => file.startsWith('dist/') && !/\.(?:js|d\.ts)$/.test(file));
    const ofBundle = /^dist\/bundle\/(?:package\.json|[\w-]+\.help)$/;
    const compiled = /^dist\/asb\/wasm\/(?:backup|restore)\.wasm$/;
    const ofConsole = /^dist\/console\/(?:index\.html|licenses\.txt|assets\/[\w-]+\.(?:css|svg))$/;
    // What /version of the service tells; absent if the build had no repository.
    const commit = 'dist/commit';
    const known = [compiled, ofBundle, ofConsole];
    expect(other.filter((file) => file !== commit && !known.some((pattern) => pattern.test(file)))).toEqual([]);
    expect(other).toContain('dist/asb/wasm/backup.wasm');
  });

  it('tells its version and its options', () => {
    for (const tool of ['asbackup', 'asrestore'] as const) {
      expect(run(tool, '--version')).toMatchObject({ code: 0, stderr: '' });
      expect(run(tool, '--help')).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it('is installed by npm into an empty directory, and runs by npx from there', { timeout: 120_000 }, () => {
    // As scripts/pack does: the versions that were tested, whose files npm has if it has installed this project.
    cpSync(join(ROOT, 'package-lock.json'), join(unpacked, 'npm-shrinkwrap.json'));
    const archive = join(scratch, 'shrinkwrapped.tgz');
    execFileSync('tar', ['-czf', archive, '--exclude=package/node_modules', 'package'], { cwd: scratch });
    rmSync(join(unpacked, 'npm-shrinkwrap.json'));
    const cwd = join(scratch, 'user');
    mkdirSync(cwd);
    const npm = (command: string, ...args: string[]): string =>
      execFileSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, npm_config_loglevel: 'error' } });
    npm('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', archive);
    expect(npm('npx', '--no-install', 'asbackup', '--help')).toContain('--namespace');
    for (const tool of Object.keys(manifest.bin)) {
      expect(statSync(join(cwd, 'node_modules/.bin', tool)).mode & 0o111, tool).not.toBe(0);
    }
  });

  it('backs up and restores with nothing but what it declares, and without native code', () => {
    const source = join(scratch, 'source.asb');
    const lines = [
      'Version 3.1',
      '# namespace test',
      '# first-file',
      '+ n test',
      `+ d ${'A'.repeat(27)}=`,
      '+ g 1',
      '+ t 0',
    ];
    writeFileSync(source, [...lines, '+ b 1', '- I number 7', ''].join('\n'));
    expect(run('asrestore', ...reach(), '-i', source)).toMatchObject({ code: 0 });
    const backup = run('asbackup', ...reach(), '-n', 'test', '-d', 'plain', '-w', '2');
    expect(backup.code, backup.stderr).toBe(0);
    expect(backup.stderr).toContain('Backed up 1 record(s)');
    expect(run('asrestore', '--validate', '-d', 'plain')).toMatchObject({ code: 0 });
  });

  it('runs no script while it is installed, and brings no package that does', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name))).toEqual([]);
    expect(manifest.optionalDependencies ?? {}).not.toHaveProperty('zstd-napi');
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean; peer?: boolean; hasInstallScript?: boolean }>;
    };
    const scripted = Object.entries(lock.packages).filter(([, { dev, devOptional, peer, hasInstallScript }]) => {
      return hasInstallScript === true && dev !== true && devOptional !== true && peer !== true;
    });
    expect(scripted.map(([name]) => name)).toEqual([]);
  });

  it('says how to get the compression library when there is none, and uses it when there is', () => {
    const compressed = ['-n', 'test', '-d', 'compressed', '-z', 'zstd'];
    // Node.js from 22.15 needs no native module.
    if (!('createZstdCompress' in zlib)) {
      const without = run('asbackup', ...reach(), ...compressed);
      expect(without.code).toBe(1);
      expect(without.stderr).toContain(`zstd-napi is not installed in ${unpacked}`);
      expect(without.stderr).toContain('Run "npm_config_build_from_source=true npm install ');
    }
    for (const name of Object.keys(manifest.peerDependencies)) link(name);
    const backup = run('asbackup', ...reach(), ...compressed);
    expect(backup.code, backup.stderr).toBe(0);
    expect(run('asrestore', ...reach(), '-z', 'zstd', '-d', 'compressed')).toMatchObject({ code: 0 });
  });
});
