/** Runs commands and measures them: wall clock, processor time, peak memory. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How often the memory of a running command is sampled. */
const SAMPLE_EVERY_MS = 20;

export interface Measurement {
  wallS: number;
  cpuS: number;
  /** Absent without /proc. */
  peakMiB: number | undefined;
  /** In user mode, in thousand millions; absent where they cannot be counted. */
  instructionsG: number | undefined;
}

let counting: boolean | undefined;

/** Whether this machine lets processes count their instructions. */
export function countsInstructions(): boolean {
  if (counting === undefined) {
    const { error, stderr } = spawnSync('perf', [...PERF, 'true'], { encoding: 'utf8' });
    counting = error === undefined && /^\d+,/.test(stderr);
  }
  return counting;
}

const PERF = ['stat', '-x,', '-e', 'instructions:u'];

/** Runs a shell line. The commands that it pipes into count as well, except for their memory. */
export function timed(line: string): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const script = `set -o pipefail; TIMEFORMAT="TIMED %R %U %S"; time { ${line}; }`;
    const env = { ...process.env };
    // With it Node.js parses a file of certificates at every start.
    delete env.NODE_EXTRA_CA_CERTS;
    const command = countsInstructions() ? ['perf', ...PERF, 'bash', '-c', script] : ['bash', '-c', script];
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], env });
    let log = '';
    let peakMiB: number | undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    const timer = setInterval(() => {
      const now = readPeak(child.pid!, countsInstructions() ? 2 : 1);
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
      const count = /^(\d+),,instructions/m.exec(log)?.[1];
      const instructionsG = count === undefined ? undefined : Number(count) / 1e9;
      resolve({ wallS, cpuS: userS + systemS, peakMiB, instructionsG });
    });
  });
}

/** The largest resident size so far, in MiB, of the processes so many levels below one. */
function readPeak(parent: number, levels: number): number | undefined {
  let peak: number | undefined;
  try {
    for (const pid of readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ')) {
      if (pid === '') continue;
      if (levels > 1) {
        peak = Math.max(peak ?? 0, readPeak(Number(pid), levels - 1) ?? 0);
        continue;
      }
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
