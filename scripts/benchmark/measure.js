/** Runs commands and measures them: wall clock, processor time, peak memory. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';

/** How often the memory of a running command is looked at. */
const LOOK_EVERY_MS = 20;

/**
 * Runs a shell line; whatever it pipes into counts as well, its memory excepted.
 * @param {string} line
 * @returns {Promise<{ wallS: number, cpuS: number, peakMiB: number | undefined }>} peakMiB only where /proc tells
 */
export function timed(line) {
  return new Promise((resolve, reject) => {
    const script = `set -o pipefail; TIMEFORMAT="TIMED %R %U %S"; time { ${line}; }`;
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    let peakMiB;
    child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
    const timer = setInterval(() => {
      const now = peakOf(child.pid);
      if (now !== undefined) peakMiB = Math.max(peakMiB ?? 0, now);
    }, LOOK_EVERY_MS);
    child.on('close', (code) => {
      clearInterval(timer);
      const match = /TIMED ([\d.]+) ([\d.]+) ([\d.]+)/.exec(log);
      if (code !== 0 || !match) return reject(new Error(`${line} ended with code ${code}:\n${log}`));
      const [wallS, userS, systemS] = match.slice(1).map(Number);
      resolve({ wallS, cpuS: userS + systemS, peakMiB });
    });
  });
}

/** The largest resident size so far of the commands that a shell runs, in MiB. */
function peakOf(shell) {
  let peak;
  try {
    for (const pid of readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')) {
      const [, kib] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      if (kib !== undefined) peak = Math.max(peak ?? 0, Number(kib) / 1024);
    }
  } catch {
    // The command has ended meanwhile, or the system has no such files.
  }
  return peak;
}

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
