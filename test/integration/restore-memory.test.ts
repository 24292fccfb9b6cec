/** A restore from a pipe must not need more memory for a larger backup. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HEAD, record } from '../support/restore.js';
import { openTarget, type Target } from '../support/target.js';

const BIN = fileURLToPath(new URL('../../bin/asrestore', import.meta.url));
const MIB = 1024 * 1024;
/** By hand: RESTORE_MIB=2048. */
const SIZE_MIB = Number(process.env.RESTORE_MIB ?? 300);
const LIMIT_MIB = 200;

let target: Target;
beforeAll(async () => {
  target = await openTarget();
});
afterAll(() => target.close());

/** The largest resident set so far. */
function peakMib(pid: number): number {
  const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) / 1024;
}

it.runIf(existsSync('/proc/self/status'))(
  `restores ${SIZE_MIB} MiB from standard input within ${LIMIT_MIB} MiB of memory`,
  { timeout: 600_000 },
  async () => {
    // The same records over and over: what grows is the input, not the server.
    const names = Array.from({ length: 4000 }, (_, i) => `m${i}`);
    const bins = [`S text 900 ${'x'.repeat(900)}`, 'I n 7', `B blob 400 ${'QUJD'.repeat(100)}`];
    const block = Buffer.from(names.map((name) => record(name, { bins })).join(''));
    const blocks = Math.ceil((SIZE_MIB * MIB) / block.length);

    const child = spawn(process.execPath, [BIN, ...target.args, '-i', '-', '--no-generation'], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    const exited = once(child, 'exit');
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    let early = 0;
    let peak = 0;
    child.stdin.write(HEAD);
    for (let i = 0; i < blocks; i++) {
      if (!child.stdin.write(block)) await once(child.stdin, 'drain');
      peak = Math.max(peak, peakMib(child.pid!));
      if (i === blocks >>> 2) early = peak;
    }
    child.stdin.end();
    const [code] = (await exited) as [number];
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`inserted ${blocks * names.length}: failed 0 (existed 0 , fresher 0)`);
    if (process.env.SHOW_COUNTERS !== undefined)
      console.log(`peak ${peak.toFixed(0)} MiB, early ${early.toFixed(0)} MiB`);
    expect(peak).toBeLessThan(LIMIT_MIB);
    expect(peak - early).toBeLessThan(50);
  },
);
