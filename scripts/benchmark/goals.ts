/** The goals of the benchmark and how far a run has come. */

export interface JobResult {
  wallS: number;
  cpuS: number;
  peakMiB?: number;
}

export interface DatasetResult {
  rows: Readonly<Record<string, JobResult>>;
  /** Absent = the jobs have no records. */
  records?: number;
  /** Cores of the machine. */
  cores: number;
}

/** `atLeast`: more is better; else less is. */
interface Goal {
  job: string;
  what: string;
  measured: number;
  limit: number;
  unit: 'x' | 's' | 'MiB';
  atLeast?: true;
}

const DRAIN = 'raw drain of the scan';
const REPLAY = 'ready-made frames replayed';
const BASE_MIB = 60;
const WORKER_MIB = 16;

/** The goals of a dataset; `measured` is NaN where a job did not run. */
function listGoals(dataset: string, { rows, records = NaN, cores }: DatasetResult): Goal[] {
  const wall = (name: string): number => rows[name]?.wallS ?? NaN;
  const slowest = (names: readonly string[]): number =>
    Math.max(...names.map(wall).filter((wallS) => !Number.isNaN(wallS)));
  const ratio = (job: string, what: string, limit: number, ...others: string[]): Goal => ({
    job,
    what: `wall / ${what}`,
    measured: others.every((name) => Number.isNaN(wall(name))) ? NaN : wall(job) / slowest(others),
    limit,
    unit: 'x',
  });
  const cpuRatio = (job: string, other: string, limit: number): Goal => ({
    job,
    what: `CPU / ${other}`,
    measured: (rows[job]?.cpuS ?? NaN) / (rows[other]?.cpuS ?? NaN),
    limit,
    unit: 'x',
  });
  const cpu = (job: string, limit: number): Goal => ({
    job,
    what: 'CPU per million records',
    measured: ((rows[job]?.cpuS ?? NaN) / records) * 1e6,
    limit,
    unit: 's',
  });
  const gain = (job: string, other: string, limit: number, atLeast = `${other} / wall`): Goal => ({
    job,
    what: atLeast,
    measured: wall(other) / wall(job),
    limit,
    unit: 'x',
    atLeast: true,
  });
  const memory = (job: string, workers: number): Goal => ({
    job,
    what: `peak memory, ${BASE_MIB} MiB + ${WORKER_MIB} a worker`,
    measured: rows[job]?.peakMiB ?? NaN,
    limit: BASE_MIB + WORKER_MIB * workers,
    unit: 'MiB',
  });
  const w2 = 'asbackup -w 2';
  const codec = (job: string, ...alone: string[]): Goal[] => [
    ratio(job, 'slowest of plain and the codecs alone (cores are free)', 1.05, w2, ...alone),
    ratio(job, 'plain (two cores shared with the server)', 1.5, w2),
  ];
  switch (dataset) {
    case 'start':
      return [ratio('--version', 'node -e 0', 1.2, 'node -e 0'), ratio('--help', 'node -e 0', 1.5, 'node -e 0')];
    case 'small':
      return [
        ratio('asbackup -w 1', 'drain', 1.45, DRAIN),
        ratio('asbackup -w 1', 'C', 0.45, 'C asbackup -w 1'),
        cpuRatio('asbackup -w 1', 'C asbackup -w 1', 0.15),
        cpu('asbackup -w 1', 0.5),
        ratio(w2, 'drain', 1.3, DRAIN),
        ratio(w2, 'asbackup -w 1', 1, 'asbackup -w 1'),
        ratio(w2, 'C', 0.5, 'C asbackup -w 2'),
        ...codec('asbackup -w 2 -z zstd', 'zstd -3 -T2 alone'),
        ...codec('asbackup -w 2 -y aes256', 'openssl aes-256-ctr alone'),
        ...codec('asbackup -w 2 -z zstd -y aes256', 'zstd -3 -T2 alone', 'openssl aes-256-ctr alone'),
        ratio('asrestore, one file', 'replay', 1.05, REPLAY),
        ratio('asrestore, directory', 'replay', 1.05, REPLAY),
        cpu('asrestore, one file', 0.65),
        ratio('asrestore, one file', 'C', 0.3, 'C asrestore, one file'),
        ratio('asrestore, directory', 'C', 0.55, 'C asrestore, directory'),
        gain('asrestore --validate', 'earlier build: asrestore --validate', 3),
        gain('library reader', 'earlier build: library reader', 3),
        memory('asbackup -w 1', 1),
        memory(w2, 2),
        memory('asrestore, one file', 1),
        memory('asrestore, directory', Math.min(4, cores)),
      ];
    case 'blob':
      return [
        gain('asbackup -w 1', DRAIN, 0.55, 'throughput / drain'),
        gain('asbackup -w 2', DRAIN, 0.55, 'throughput / drain'),
      ];
    case 'memory':
      return [memory('asbackup -w 1', 1), memory(w2, 2), memory('asrestore, one file', 1)];
    default:
      return [];
  }
}

/** Prints the goals of a dataset that could be measured: job, goal, what was measured, and by how much it is missed. */
export function printGoals(dataset: string, result: DatasetResult): void {
  const goals = listGoals(dataset, result).filter(({ measured }) => !Number.isNaN(measured));
  if (goals.length === 0) return;
  console.log(`\ngoals, ${dataset}\n`);
  console.log('| job | what | goal | measured | |\n|---|---|---|---|---|');
  for (const { job, what, measured, limit, unit, atLeast } of goals) {
    const isMet = atLeast === true ? measured >= limit : measured <= limit;
    const distance = Math.abs(measured / limit - 1) * 100;
    const verdict = isMet ? 'met' : `missed by ${distance.toFixed(0)} %`;
    const sign = atLeast === true ? '≥' : '≤';
    const figure = measured.toFixed(unit === 'MiB' ? 0 : 2);
    console.log(`| ${job} | ${what} | ${sign} ${limit} ${unit} | ${figure} | ${verdict} |`);
  }
}
