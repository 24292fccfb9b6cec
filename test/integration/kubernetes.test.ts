/** deploy/kubernetes and the chart: manifests that Kubernetes takes, with commands that work. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { fill } from '../support/backup.js';
import { findFaults, findUnknownFields, type Manifest, parseManifests } from '../support/kubernetes.js';
import { scratch } from '../support/target.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = join(ROOT, 'deploy/kubernetes');
const CHART = join(ROOT, 'deploy/helm/aerospike-backup-service');
const RECORDS = 500;

interface Container {
  args?: string[];
  command?: string[];
  env?: { name: string; value: string }[];
  securityContext?: object;
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
}

interface PodSpec {
  automountServiceAccountToken?: boolean;
  containers: Container[];
  initContainers?: Container[];
  securityContext?: object;
  volumes?: { name: string }[];
}

const work = scratch();
afterAll(() => work.remove());

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
const read = (name: string): Manifest[] => parseManifests(readFileSync(join(FOLDER, name), 'utf8'));
const manifests = files.flatMap(read);

function findPod(manifest: Manifest): PodSpec | undefined {
  const { spec } = manifest as { spec?: { template?: { spec: PodSpec }; jobTemplate?: { spec: object } } };
  if (spec?.template !== undefined) return spec.template.spec;
  return spec?.jobTemplate === undefined ? undefined : findPod({ ...manifest, ...spec.jobTemplate });
}

/** Every container has the rights that it needs and no others, and every mount has its volume. */
function expectHardened(all: readonly Manifest[]): void {
  const pods = all.map(findPod).filter((pod) => pod !== undefined);
  expect(pods.length).toBeGreaterThan(0);
  for (const { automountServiceAccountToken, securityContext, containers, initContainers = [], volumes = [] } of pods) {
    expect(automountServiceAccountToken).toBe(false);
    expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532 });
    for (const container of [...containers, ...initContainers]) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const names = volumes.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(container.volumeMounts?.map(({ name }) => name) ?? []));
    }
  }
}

/** What the service says of the configuration of a ConfigMap; '' = nothing against it. */
function checkConfiguration(all: readonly Manifest[]): string {
  const map = all.find(({ kind }) => kind === 'ConfigMap') as unknown as { data: Record<string, string> };
  const file = join(work.path, 'service.yml');
  writeFileSync(file, map.data['aerospike-backup-service.yml']!);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'bin/aerospike-backup-service'), '-c', file, '--check-config'],
    { encoding: 'utf8' },
  );
  return status === 0 ? '' : stdout + stderr;
}

/** Runs all pods of an Indexed Job at the same time against the cluster, with the directory in place of /backups. */
async function runJob(name: string, cluster: InMemoryCluster, backups: string): Promise<void> {
  const [job] = read(name) as unknown as { spec: { completions: number; template: { spec: PodSpec } } }[];
  const { completions, template } = job!.spec;
  const [{ command, args, env } = {}] = template.spec.containers;
  expect(env).toContainEqual({ name: 'SHARD_COUNT', value: String(completions) });
  const words = args!.map((word) =>
    word.replace('aerospike:3000', `${cluster.seed.host}:${cluster.seed.port}`).replace('/backups', backups),
  );
  const runs = Array.from({ length: completions }, (_, i) => {
    const environment = {
      ...process.env,
      ...Object.fromEntries(env!.map((variable) => [variable.name, variable.value])),
      JOB_COMPLETION_INDEX: String(i),
    };
    return new Promise<void>((resolve, reject) => {
      const argv = [join(ROOT, 'bin', command![0]!), ...words, '--no-config-file'];
      execFile(process.execPath, argv, { env: environment }, (error, _stdout, stderr) => {
        if (error === null) resolve();
        else reject(new Error(stderr));
      });
    });
  });
  await Promise.all(runs);
}

describe('deploy/kubernetes', () => {
  it('has manifests without a fault and without a field that Kubernetes does not know', () => {
    expect(findFaults(manifests)).toEqual([]);
    expect(findUnknownFields(manifests)).toEqual([]);
    // The checks can fail.
    const [job] = read('backup-job.yaml') as unknown as [{ spec: object }];
    const change = (fields: object) => [{ ...job, spec: { ...job.spec, ...fields } }] as unknown as Manifest[];
    expect(findFaults(change({ completions: 'four' })).join()).toContain('completions');
    expect(findUnknownFields(change({ paralelism: 4 })).join()).toContain('paralelism');
  });

  it('gives its containers no rights that they do not need', () => {
    expectHardened(manifests);
  });

  it('names only secrets, claims and accounts that it has', () => {
    const has = (kind: string) => manifests.filter((each) => each.kind === kind).map(({ metadata }) => metadata.name);
    const text = JSON.stringify(manifests.map(findPod));
    const named = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name!))];
    expect(has('Secret')).toEqual(expect.arrayContaining(named(/"secretRef":\{"name":"([^"]+)"/g)));
    expect(has('PersistentVolumeClaim')).toEqual(named(/"claimName":"([^"]+)"/g));
    expect(has('ServiceAccount')).toEqual(named(/"serviceAccountName":"([^"]+)"/g));
  });

  it('backs up and restores every record with the pods of its Indexed Jobs', async () => {
    const backups = join(work.path, 'backups');
    mkdirSync(backups);
    const cluster = await InMemoryCluster.start();
    const target = await InMemoryCluster.start();
    try {
      fill(cluster, RECORDS, 'users');
      await runJob('backup-job.yaml', cluster, backups);
      const shards = readdirSync(join(backups, 'test')).map((name) => /-(\d)of4_\d{5}\.asb$/.exec(name)?.[1]);
      expect([...new Set(shards.filter((shard) => shard !== undefined))].sort()).toEqual(['0', '1', '2', '3']);
      await runJob('restore-job.yaml', target, backups);
      expect(target.store('test').objects).toBe(RECORDS);
    } finally {
      await cluster.stop();
      await target.stop();
    }
  });

  it('has a configuration that the service takes', () => {
    expect(checkConfiguration(read('service.yaml'))).toBe('');
  });
});

const helm = spawnSync(join(ROOT, 'scripts/get-helm'), { encoding: 'utf8' });
if (helm.status !== 0)
  console.warn(`WARNING: tests of the chart are SKIPPED: there is no helm (${helm.stderr.trim()})`);

describe.skipIf(helm.status !== 0)('the chart', () => {
  function render(values: object): Manifest[] {
    const file = join(work.path, 'values.yaml');
    writeFileSync(file, stringify(values));
    const env = { ...process.env, HELM_CACHE_HOME: work.path, HELM_CONFIG_HOME: work.path, HELM_DATA_HOME: work.path };
    const args = ['template', 'nightly', CHART, '--values', file];
    return parseManifests(execFileSync(helm.stdout.trim(), args, { encoding: 'utf8', env }));
  }
  const findDeployment = (all: readonly Manifest[]) => all.find(({ kind }) => kind === 'Deployment')!;
  const findContainer = (all: readonly Manifest[]) => findPod(findDeployment(all))!.containers[0]!;

  /** As for the chart of ABS: every value of it that is not a default. */
  const VENDOR_VALUES = {
    replicaCount: 1,
    image: { repository: 'registry.example.com/backup', tag: '1.2.3', pullPolicy: 'Always' },
    imagePullSecrets: [{ name: 'registry' }],
    args: ['--data-directory', '/var/lib/aerospike-backup-service'],
    env: [{ name: 'AWS_REGION', value: 'eu-central-1' }],
    envFrom: [{ secretRef: { name: 'aws' } }],
    volumes: [{ name: 'backups', persistentVolumeClaim: { claimName: 'backups' } }],
    extraVolumeMounts: [{ name: 'backups', mountPath: '/backups' }],
    extraSecretVolumeMounts: [{ name: 'login', secretName: 'login', mountPath: '/etc/login', readOnly: true }],
    configmap: { create: true },
    backupServiceConfig: {
      service: { http: { address: '0.0.0.0', port: 9090 } },
      'aerospike-clusters': { main: { 'seed-nodes': [{ 'host-name': 'aerospike', port: 3000 }] } },
      storage: { disk: { 'local-storage': { path: '/backups' } } },
      'backup-policies': { week: { retention: { full: 7 } } },
      'backup-routines': {
        nightly: {
          'source-cluster': 'main',
          storage: 'disk',
          'backup-policy': 'week',
          namespaces: ['test'],
          'interval-cron': '@daily',
        },
      },
    },
    service: { type: 'ClusterIP', port: 8080 },
    resources: { limits: { memory: '1Gi' } },
    autoscaling: { enabled: true, minReplicas: 1, maxReplicas: 2, targetCPUUtilizationPercentage: 70 },
    ingress: {
      enabled: true,
      className: 'nginx',
      hosts: [{ host: 'backup.example.com', paths: [{ path: '/', pathType: 'Prefix' }] }],
      tls: [{ secretName: 'tls', hosts: ['backup.example.com'] }],
    },
    nodeSelector: { disk: 'large' },
    tolerations: [{ key: 'backup', operator: 'Exists', effect: 'NoSchedule' }],
    affinity: { nodeAffinity: {} },
  };

  it('renders manifests without a fault, of its defaults and of all its values', () => {
    const all = [
      render({}),
      render(VENDOR_VALUES),
      render({ configmap: { create: false }, persistence: { enabled: true }, networkPolicy: { enabled: true } }),
    ];
    for (const rendered of all) {
      expect(findFaults(rendered)).toEqual([]);
      expectHardened(rendered);
      expect(checkConfiguration(rendered)).toBe('');
    }
    expect(findUnknownFields(all.flat())).toEqual([]);
  });

  it('takes the values of the chart of ABS over', () => {
    const rendered = render(VENDOR_VALUES);
    const container = findContainer(rendered);
    expect(container).toMatchObject({
      image: 'registry.example.com/backup:1.2.3',
      args: [
        '-c',
        '/etc/aerospike-backup-service/aerospike-backup-service.yml',
        '--data-directory',
        '/var/lib/aerospike-backup-service',
      ],
      env: VENDOR_VALUES.env,
      envFrom: VENDOR_VALUES.envFrom,
      ports: [{ name: 'http', containerPort: 9090 }],
      livenessProbe: { httpGet: { path: '/health' }, initialDelaySeconds: 15, periodSeconds: 10 },
      readinessProbe: { httpGet: { path: '/ready' } },
    });
    expect(container.volumeMounts).toContainEqual({ name: 'login', mountPath: '/etc/login', readOnly: true });
    expect(rendered.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Ingress', 'HorizontalPodAutoscaler']));
  });

  it('mounts a configuration that cannot be written, or copies one that can, and restarts pods when it changes', () => {
    const mount = (all: readonly Manifest[]) =>
      findContainer(all).volumeMounts!.find(({ name }) => name === 'config')!.readOnly;
    expect(mount(render({}))).toBe(true);
    const copied = render({ configmap: { create: false } });
    expect(mount(copied)).toBe(false);
    expect(findPod(findDeployment(copied))!.initContainers).toHaveLength(1);
    const checksum = (values: object) => /"checksum\/config":"(\w+)"/.exec(JSON.stringify(render(values)))![1];
    expect(checksum({ backupServiceConfig: { service: { logger: { level: 'DEBUG' } } } })).not.toBe(checksum({}));
  });
});
