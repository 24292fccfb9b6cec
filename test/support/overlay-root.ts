/** A root for tests that install things: what the machine has, and a layer in memory above it takes all changes. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface RanInRoot {
  code: number | null;
  stdout: string;
  /** Both streams. */
  out: string;
}

/** Runs a shell script in such a root; `before` is run outside, with it at $ROOT. Needs root and overlay mounts. */
export function runInRoot(folder: string, script: string, before = ':'): RanInRoot {
  const layer = join(folder, 'layer');
  const root = join(folder, 'root');
  const mount = [
    `set -e; mkdir -p ${layer} ${root}; mount -t tmpfs layer ${layer}; mkdir ${layer}/upper ${layer}/work`,
    `mount -t overlay root -o lowerdir=/,upperdir=${layer}/upper,workdir=${layer}/work ${root}`,
    `mount --rbind /dev ${root}/dev; mount -t proc proc ${root}/proc`,
    before,
    `exec chroot ${root} sh -euc "$SCRIPT"`,
  ].join('\n');
  const env = { PATH: process.env.PATH, HOME: '/root', ROOT: root, SCRIPT: script };
  const args = ['--mount', '--pid', '--fork', 'sh', '-c', mount];
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8', env });
  return { code: status, stdout, out: stdout + stderr };
}

/** Whether this user and this machine can do that. */
export function canMountRoot(folder: string): boolean {
  return process.getuid?.() === 0 && runInRoot(folder, 'true').code === 0;
}
