/** Whether Kubernetes manifests are what the API of Kubernetes takes. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { CronJob, Job } from 'kubernetes-models/batch/v1';
import { NetworkPolicy, Ingress } from 'kubernetes-models/networking.k8s.io/v1';
import { Role, RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import { ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

interface Model {
  new (data: never): { validate(): void };
  readonly apiVersion: string;
  readonly kind: string;
}

const MODELS: readonly (readonly [Model, string])[] = [
  [Deployment, 'apps/v1'],
  [HorizontalPodAutoscaler, 'autoscaling/v2'],
  [CronJob, 'batch/v1'],
  [Job, 'batch/v1'],
  [Ingress, 'networking.k8s.io/v1'],
  [NetworkPolicy, 'networking.k8s.io/v1'],
  [Role, 'rbac.authorization.k8s.io/v1'],
  [RoleBinding, 'rbac.authorization.k8s.io/v1'],
  [ConfigMap, 'v1'],
  [PersistentVolumeClaim, 'v1'],
  [Secret, 'v1'],
  [Service, 'v1'],
  [ServiceAccount, 'v1'],
];

/** The documents of a YAML file. Throws if it is not YAML. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS() as Manifest | null;
    })
    .filter((manifest) => manifest !== null);
}

/** What the schemas of Kubernetes say against them. */
export function findFaults(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) => {
    const { apiVersion, kind, metadata } = manifest;
    const model = MODELS.find(([{ kind: known }, version]) => known === kind && version === apiVersion)?.[0];
    if (model === undefined) return [`${apiVersion} ${kind} is not known to the test`];
    try {
      new model(manifest as never).validate();
      return [];
    } catch (error) {
      return [`${kind} ${metadata.name}: ${(error as Error).message}`];
    }
  });
}

/** Fields that Kubernetes does not have and would drop without a word: the schemas allow them, the types do not. */
export function findUnknownFields(manifests: readonly Manifest[]): string[] {
  const folder = join(ROOT, '.tmp', `manifests-${process.pid}`);
  const file = join(folder, 'manifests.ts');
  const lines = manifests.map(({ apiVersion, kind, ...rest }, i) => {
    const path = apiVersion === 'v1' ? 'v1' : apiVersion;
    const data = JSON.stringify({ apiVersion, kind, ...rest });
    return `export const m${i}: import('kubernetes-models/${path}').I${kind} = ${data};`;
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
  try {
    const program = ts.createProgram([file], {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts'],
      types: [],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    });
    return program
      .getSemanticDiagnostics(program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
