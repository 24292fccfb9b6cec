/** What `asb plan` prints. */
import type { BackupPlan, Figure } from '../../engine/plan/plan.js';
import type { PlanLimit, ShardPlan } from '../../engine/plan/model.js';
import { etaText } from '../format-duration.js';
import { sizeText } from '../summary.js';
import { formatTable } from './table.js';

/** What a plan's commands repeat: words for the cluster, and for what is backed up. */
export interface PlanCommandWords {
  host: string;
  repeated: readonly string[];
}

export interface PlanCommands {
  /** Of one shard, or of a backup in one piece. */
  asbackup: string;
  asb: string;
  slurm: string;
  /** What backup-job.yaml of the manifests has to say. */
  kubernetes: { completions: number; parallelism: number; env: string; args: string[] };
}

const MIB = 1024 * 1024;
const LIMITS: Readonly<Record<PlanLimit, string>> = {
  cpu: 'processors',
  network: 'network of each machine',
  storage: 'storage',
  cluster: 'records per second of the cluster',
  start: 'start of the processes',
};

/** The commands that make the backup; undefined if no number of shards is enough. */
export function planCommands(plan: BackupPlan, { host, repeated }: PlanCommandWords): PlanCommands | undefined {
  const { chosen } = plan;
  if (chosen === undefined) return undefined;
  const { shards, workers } = chosen;
  const common = ['--host', host, ...repeated, '--parallel', String(workers)];
  const line = (...words: string[]): string => words.map(quoteWord).join(' ');
  const isDivided = shards > 1;
  const namespaceAt = repeated.indexOf('--namespace');
  const withoutNamespace = repeated.filter((_word, i) => i !== namespaceAt && i !== namespaceAt + 1);
  return {
    asbackup: `${line('asbackup', ...common, '--directory', 'DIR')}${isDivided ? ` --shard I/${shards}` : ''}`,
    asb: `${line('asb', 'backup', 'ROOT', '--id', 'ID', ...common)}${isDivided ? ` --shard I/${shards}` : ''}`,
    slurm: line(
      'sbatch',
      `--array=0-${shards - 1}`,
      `--cpus-per-task=${workers}`,
      `--export=ALL,NAMESPACE=${plan.namespace},DIRECTORY=DIR`,
      'asbackup-array.sbatch',
      '--host',
      host,
      ...withoutNamespace,
      '--parallel',
      String(workers),
    ),
    kubernetes: {
      completions: shards,
      parallelism: shards,
      env: `SHARD_COUNT=${shards}`,
      args: [...common, '--directory', 'DIR', '--shard', 'auto'],
    },
  };
}

export function formatPlan(plan: BackupPlan, words: PlanCommandWords): string {
  const { namespace, nodes, build, replicationFactor, sampledRecords, goal } = plan;
  const head =
    `Namespace ${namespace} on ${nodes} node(s) of version ${build}, replication factor ${replicationFactor}, ` +
    `${plan.sindexes} secondary index(es), ${plan.udfs} UDF module(s); ${sampledRecords} record(s) sampled.\n`;
  const figures = formatTable(
    ['FIGURE', 'VALUE', 'HOW SURE'],
    [
      ['Records', String(plan.records.value), formatCertainty(plan.records, plan)],
      ['Bytes per record', plan.recordBytes.value.toFixed(1), formatCertainty(plan.recordBytes, plan)],
      ['Backup, plain', sizeText(plan.plainBytes.value), formatCertainty(plan.plainBytes, plan)],
      ['Backup, zstd', sizeText(plan.compressedBytes.value), formatCertainty(plan.compressedBytes, plan)],
      ['From the cluster', sizeText(plan.networkBytes.value), formatCertainty(plan.networkBytes, plan)],
      ['Processor time', `${plan.cpuSeconds.value.toFixed(1)} s`, formatCertainty(plan.cpuSeconds, plan)],
    ],
    { rightAligned: [1] },
  );
  const table = formatTable(
    ['SHARDS', 'WORKERS', 'TIME', 'REC/S', 'IN MIB/S', 'OUT MIB/S', 'STORAGE MIB/S', 'LIMIT'],
    plan.alternatives.map((each) => [
      `${each.shards}${each.shards === plan.chosen?.shards ? ' *' : ''}`,
      String(each.workers),
      formatSeconds(each.seconds),
      each.recordsPerSecond.toFixed(0),
      ...[each.receivedBytesPerSecond, each.sentBytesPerSecond, each.storedBytesPerSecond].map((rate) =>
        (rate / MIB).toFixed(1),
      ),
      LIMITS[each.limit],
    ]),
    { rightAligned: [1, 2, 3, 4, 5, 6] },
  );
  const lines = [
    head,
    figures,
    `\nEach shard on a machine of its own with ${goal.cores} core(s); workers, network in and out are those of each shard:\n`,
    table,
    formatChoice(plan),
  ];
  const commands = planCommands(plan, words);
  if (commands !== undefined) lines.push(formatCommands(plan.chosen!, commands));
  return lines.join('');
}

export function formatPlanJson(plan: BackupPlan, words: PlanCommandWords): string {
  const commands = planCommands(plan, words);
  return `${JSON.stringify({ ...plan, ...(commands === undefined ? {} : { commands }) }, undefined, 1)}\n`;
}

function formatChoice({ chosen, goal, nodes, alternatives }: BackupPlan): string {
  if (chosen === undefined) {
    const fastest = alternatives.reduce((best, each) => (each.seconds < best.seconds ? each : best));
    const within = etaText(goal.withinSeconds ?? 0);
    return `\nNo number of shards is done within ${within}: the limit is the ${LIMITS[fastest.limit]}, which all shards share.\n`;
  }
  const perNode = chosen.recordsPerSecond / Math.max(1, nodes);
  return (
    `\n* ${chosen.shards} shard(s) with ${chosen.workers} worker(s) each: ${formatSeconds(chosen.seconds)}, limited by the ` +
    `${LIMITS[chosen.limit]}.\nEach node has to deliver ${perNode.toFixed(0)} records per second; whether it can beside its ` +
    `other work is not measured.\n`
  );
}

function formatCommands({ shards }: ShardPlan, { asbackup, asb, slurm, kubernetes }: PlanCommands): string {
  if (shards === 1) return `\n${asbackup}\n${asb}\n`;
  return (
    `\nEach shard I, from 0 to ${shards - 1}, one of:\n  ${asbackup}\n  ${asb}\n` +
    `As an array of Slurm, with examples/slurm:\n  ${slurm}\n` +
    `As an Indexed Job of Kubernetes, with deploy/kubernetes/backup-job.yaml:\n` +
    `  completions: ${kubernetes.completions}, parallelism: ${kubernetes.parallelism}, ${kubernetes.env}\n` +
    `  args: ${kubernetes.args.map(quoteWord).join(' ')}\n`
  );
}

function formatCertainty({ basis, error }: Figure, { isMigrating }: BackupPlan): string {
  const within = error === undefined ? '' : `, within ${(error * 100).toFixed(error < 0.1 ? 1 : 0)} % (95 %)`;
  switch (basis) {
    case 'counted':
      return isMigrating ? 'counted, but partitions are moving' : 'counted by the nodes';
    case 'sampled':
      return error === undefined ? 'unknown: no record was read' : `sampled${within}`;
    case 'measured':
      return `measured here, within ${((error ?? 0) * 100).toFixed(0)} %`;
    case 'reference':
      return 'of another machine: half or twice as much';
  }
}

function formatSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)}s` : etaText(seconds);
}

/** As a shell takes it. */
function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
