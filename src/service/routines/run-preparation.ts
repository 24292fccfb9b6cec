/** What a run has to know before it writes anything: its namespaces, and from when on each is read. */
import { ClusterError } from '../../aerospike/errors.js';
import { warningEvent } from '../../core/log.js';
import { computeBounds } from './bounds.js';
import type { NamespaceJob } from './namespace-run.js';
import type { RoutineStore } from './routine-store.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunPlan } from './run-plan.js';
import type { ResolvedPolicy } from '../document/defaults.js';
import { divideScans } from './scan-budget.js';

/** The run is not to be made after all; the message says why. */
export class SkipError extends Error {}

export interface Preparation {
  plan: RunPlan;
  timestampMs: number;
  environment: RunEnvironment;
  store: RoutineStore;
  signal: AbortSignal;
  /** Called as soon as it is known which namespaces the run is about. */
  onNamespaces: (namespaces: readonly string[]) => void;
  /** By how much times of earlier runs, which other machines have chosen, may be ahead of the cluster's clocks. */
  knownLeadMs?: number | undefined;
  /** The same for the time of this run. */
  onLead?: (leadMs: number) => void;
}

/** Throws SkipError, ClusterError, StorageError and what connecting throws. */
export async function prepareRun(preparation: Preparation): Promise<NamespaceJob[]> {
  const { plan, timestampMs, environment, store, signal, onNamespaces, knownLeadMs = 0 } = preparation;
  const { name, type, routine, document, policy } = plan;
  const { log } = environment;
  if (type === 'incremental' && (await store.findLast('full')) === undefined) {
    throw new SkipError('there is no full backup to build on');
  }
  const cluster = await environment.toClusterSettings(routine['source-cluster'], document);
  const facts = await environment.readClusterFacts(cluster, log, signal);
  const namespaces = chooseNamespaces(routine.namespaces, facts.namespaces);
  onNamespaces(namespaces);
  preparation.onLead?.(Math.max(0, timestampMs - (environment.clock.nowMs() - facts.clockLeadMs)));
  const history = type === 'full' ? undefined : await store.readHistory(namespaces, timestampMs);
  const times = {
    type,
    timestampMs,
    cumulative: policy['incr-mode'] === 'cumulative',
    sealed: policy.sealed,
    clockLeadMs: Math.max(facts.clockLeadMs, knownLeadMs),
  };
  const jobs: NamespaceJob[] = [];
  for (const namespace of namespaces) {
    const bounds = computeBounds(times, history?.get(namespace) ?? {});
    if (bounds === undefined) {
      const text = `The namespace ${namespace} has no full backup yet: it is left out of the incremental one`;
      log.info(warningEvent('routine.namespace', text, { routine: name, namespace }));
      continue;
    }
    jobs.push({ namespace, bounds, scans: 1 });
  }
  if (jobs.length === 0) throw new SkipError('no namespace has a full backup to build on');
  const scans = divideScans(countScans(policy), jobs.length);
  return jobs.map((job, i) => ({ ...job, scans: scans[i]! }));
}

/** Throws ClusterError CLUSTER_NAMESPACE. */
function chooseNamespaces(wanted: readonly string[], found: readonly string[]): readonly string[] {
  const missing = wanted.filter((namespace) => !found.includes(namespace));
  if (missing.length > 0) {
    const text = `The cluster has no namespace "${missing.join('", "')}". It has: ${found.join(', ')}`;
    throw new ClusterError('CLUSTER_NAMESPACE', text);
  }
  if (found.length === 0) throw new ClusterError('CLUSTER_NAMESPACE', 'The cluster has no namespaces');
  return wanted.length > 0 ? wanted : found;
}

/**
 * Scans of all namespaces together. A scan asks one node after the other: so many nodes at most are asked at a time.
 */
export function countScans({ parallel, 'max-concurrent-nodes': nodes = 0 }: ResolvedPolicy): number {
  return nodes === 0 ? parallel : Math.min(parallel, nodes);
}
