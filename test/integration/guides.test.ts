/** Types the commands of guides that need nothing but a cluster, against the in-memory node. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { fill } from '../support/backup.js';
import { scratch } from '../support/target.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RECORDS = 100;

const work = scratch();
let cluster: InMemoryCluster;
let address: string;

beforeAll(async () => {
  cluster = await InMemoryCluster.start();
  fill(cluster, RECORDS, 'users');
  address = `${cluster.seed.host}:${cluster.seed.port}`;
  mkdirSync(join(work.path, '.aerospike'));
  // The commands name no server: the configuration file does.
  writeFileSync(join(work.path, '.aerospike/astools.conf'), `[cluster]\nhost = "${address}"\n`);
});

afterAll(async () => {
  await cluster.stop();
  work.remove();
});

/** The block of a guide that begins with the text. */
function findBlock(guide: string, start: string): string {
  const text = readFileSync(join(ROOT, 'docs/guide', guide), 'utf8');
  const block = [...text.matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, code]) => code!)
    .find((code) => code.startsWith(start));
  expect(block, `${guide}: ${start}`).toBeDefined();
  return block!;
}

/** Every line must succeed. Resolves with what they have written. */
function type(code: string): Promise<string> {
  const path = [join(ROOT, 'bin'), join(ROOT, 'examples'), process.env.PATH].join(delimiter);
  const env = { ...process.env, HOME: work.path, PATH: path };
  return new Promise((resolve, reject) => {
    execFile('bash', ['-e', '-c', code], { cwd: work.path, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr);
      else reject(new Error(`${code}\n${stdout}${stderr}`));
    });
  });
}

describe('the guides', () => {
  it('check a cluster and a directory', async () => {
    const code = findBlock('cluster.md', 'asb doctor').replaceAll('10.0.0.1', address).replaceAll('/backups', '.');
    expect(await type(code)).toContain('0 failed');
  });

  it('plan a backup', async () => {
    const out = await type(findBlock('scale.md', 'asb plan').replaceAll('10.0.0.1', address));
    expect(out.match(/^\* 1 shard/gm)).toHaveLength(2);
  });

  it('back up in parts, and a part that is run twice changes nothing', async () => {
    const out = await type(findBlock('kubernetes.md', 'mkdir'));
    expect(out).toMatch(/^\S+ +COMPLETED/m);
    const files = readdirSync(join(work.path, 'backups/test'));
    expect(files.some((name) => name.includes('0of2'))).toBe(true);
    expect(files.some((name) => name.includes('1of2'))).toBe(true);
  });

  it('back up and restore in shards, also as tasks of Slurm', async () => {
    const inShards = findBlock('scale.md', 'asbackup -n test').replaceAll('/backups', 'sharded');
    const restored = findBlock('scale.md', 'asrestore -d').replaceAll('/backups', 'sharded');
    expect(await type(`mkdir -p sharded\n${inShards}${restored}`)).toContain('100% complete');
    expect(readdirSync(join(work.path, 'sharded/monday')).filter((name) => name.endsWith('.asb'))).toHaveLength(3);
    mkdirSync(join(work.path, 'slurm'));
    // As sbatch starts the first task of an array of one.
    for (const line of findBlock('scale.md', 'sbatch').matchAll(/^sbatch --export=ALL,(\S+) (\S+) (.*)$/gm)) {
      const [, variables, script, options] = line;
      const env = `SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_COUNT=1 ${variables!.replaceAll(',', ' ')}`;
      const code = `${env} bash ${join(ROOT, 'examples/slurm', script!)} ${options!}\n`;
      await type(code.replaceAll('10.0.0.1', address).replaceAll('/backups', 'slurm'));
    }
    expect(readdirSync(join(work.path, 'slurm/monday'))).toContain('test-0of1_00000.asb');
  });

  it('name files and units that there are', () => {
    const read = (guide: string): string => readFileSync(join(ROOT, 'docs/guide', guide), 'utf8');
    const files = [...read('kubernetes.md').matchAll(/\bdeploy\/[\w./-]+(?<!\.)/g)].map(([name]) => name);
    const listed = [...read('kubernetes.md').matchAll(/^\| `([\w-]+\.yaml)`/gm)].map(([, name]) => name!);
    const examples = [...read('scale.md').matchAll(/\.\.\/\.\.\/(examples\/[\w./-]+)\)/g)].map(([, name]) => name!);
    const paths = [...files, ...listed.map((name) => `deploy/kubernetes/${name}`), ...examples];
    expect(paths.length).toBeGreaterThan(12);
    const units = [...read('schedule.md').matchAll(/\basbackup@(?:test)?(\.\w+)/g)].map(([, suffix]) => suffix!);
    expect(new Set(units)).toEqual(new Set(['.timer', '.service']));
    for (const path of [...paths, ...units.map((suffix) => `examples/systemd/asbackup@${suffix}`)]) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
  });

  it('back up every night', async () => {
    expect(await type(findBlock('schedule.md', 'asbackup-nightly'))).toMatch(/^test-\d{4}-\d\d-\d\dT\d{6}$/m);
    const table = readFileSync(join(ROOT, 'docs/guide/schedule.md'), 'utf8');
    const command = /^0 2 \* \* \* +(asbackup-nightly .*)$/m.exec(table)![1]!;
    await type(command.replace('/var/backups/aerospike', 'cron').replace('10.0.0.1', address));
    const made = readdirSync(join(work.path, 'cron')).filter((name) => /^test-\d/.test(name));
    expect(made).toHaveLength(1);
  });
});
