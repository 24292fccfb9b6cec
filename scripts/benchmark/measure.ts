/** Runs commands and measures them: wall clock, processor time, peak memory. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How often the memory of a running command is sampled. */
const SAMPLE_EVERY_MS = 20;

export interface Measurement {
  wallS: number;
  cpuS: number;
  /** Absent without /proc. */
  peakMiB: number | undefined;
}

/** Runs a shell line. The commands that it pipes into count as well, except for their memory. */
export function timed(line: string): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const script = `set -o pipefail; TIMEFORMAT="TIMED %R %U %S"; time { ${line}; }`;
    const env = { ...process.env };
    // With it Node.js parses a file of certificates at every start.
    delete env.NODE_EXTRA_CA_CERTS;
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'], env });
    let log = '';
    let peakMiB: number | undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    const timer = setInterval(() => {
      const now = readPeak(child.pid!);
      if (now !== undefined) peakMiB = Math.max(peakMiB ?? 0, now);
    }, SAMPLE_EVERY_MS);
    child.on('close', (code) => {
      clearInterval(timer);
      const match = /TIMED ([\d.]+) ([\d.]+) ([\d.]+)/.exec(log);
      if (code !== 0 || !match) {
        reject(new Error(`${line} ended with code ${code ?? 'null'}:\n${log}`));
        return;
      }
      const [wallS, userS, systemS] = match.slice(1).map(Number) as [number, number, number];
      resolve({ wallS, cpuS: userS + systemS, peakMiB });
    });
  });
}

/** The largest resident size so far of the commands that a shell runs, in MiB. */
function readPeak(shell: number): number | undefined {
  let peak: number | undefined;
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

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
