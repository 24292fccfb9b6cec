/** A backup beside the namespaces of a cluster. */
import { toBackupInput, toInputSchema } from '../../config/catalog/backup-input.js';
import { COMPARISON_SCAN, selectNamespace } from '../../config/catalog/cluster-config.js';
import { soundnessConstraints } from '../../config/catalog/verify-config.js';
import { toCodecConfig, toKey } from '../../config/codec-config.js';
import { toCatalogStorages } from '../../config/catalog/storages.js';
import { clusterDiffOptions } from '../../config/schema/catalog/diff.js';
import { clusterVerifyOptions } from '../../config/schema/catalog/verify.js';
import type { ToolSchema } from '../../config/tool-schema.js';
import { diffBackups, type DiffResult } from '../../engine/catalog/diff.js';
import { readBackup } from '../../engine/catalog/find-backups.js';
import { verifyEntryAgainst, type AgainstResult } from '../../engine/catalog/verify-against.js';
import { createHooks } from '../hooks.js';
import { readSettings } from '../read-settings.js';
import type { DiffClusterSettings, VerifyClusterSettings } from './settings.js';
import { withBackups } from './with-backups.js';
import { withCluster } from './with-cluster.js';

const diffSchema = toInputSchema(clusterDiffOptions);
const verifySchema: ToolSchema<typeof clusterVerifyOptions> = {
  name: 'asb',
  options: clusterVerifyOptions,
  constraints: soundnessConstraints,
};

/**
 * What differs between a backup (before) and a namespace of a cluster (after), record by record, in bounded memory.
 * Throws OptionError, CatalogError, ToolError CATALOG_INCOMPLETE, what reading and scanning throw, what `onDifference`
 * throws, and the signal's reason.
 */
export async function diffWithCluster(settings: DiffClusterSettings): Promise<DiffResult> {
  const { path, namespace, clusterNamespace = namespace, onDifference, signal, log, ...options } = settings;
  const values = await readSettings(diffSchema, options);
  const hooks = createHooks({ ...(signal === undefined ? {} : { signal }), ...(log === undefined ? {} : { log }) });
  return hooks.around(() =>
    withBackups([path], toBackupInput(values, hooks), hooks.signal, ([files]) =>
      withCluster(values, hooks, (cluster) => {
        const selection = selectNamespace(clusterNamespace);
        return diffBackups({
          before: { kind: 'backup', files: files! },
          after: { kind: 'cluster', cluster, selection, policy: COMPARISON_SCAN.policy },
          temporaryDirectory: values.get('temporary-directory'),
          signal: hooks.signal,
          ...(clusterNamespace === namespace ? {} : { renamedNamespaces: new Map([[namespace, clusterNamespace]]) }),
          ...(onDifference === undefined ? {} : { onDifference }),
        });
      }),
    ),
  );
}

/**
 * Which records of a backup are missing in a cluster, newer or gone since: digests, generations and void times, not
 * values. Resolves with a result for each namespace of the backup. Throws OptionError, CatalogError CATALOG_NOT_FOUND
 * and CATALOG_VERIFY, what reading and scanning throw, and the signal's reason.
 */
export async function verifyAgainstCluster(settings: VerifyClusterSettings): Promise<AgainstResult[]> {
  const { path, clusterNamespaces = {}, signal, log, ...options } = settings;
  const values = await readSettings(verifySchema, options);
  const hooks = createHooks({ ...(signal === undefined ? {} : { signal }), ...(log === undefined ? {} : { log }) });
  return hooks.around(async () => {
    const keys = { keyFile: values.get('encryption-key-file'), keyVariable: values.get('encryption-key-env') };
    const key = toKey(keys, hooks);
    const codecs = toCodecConfig({ compress: values.get('compress'), encrypt: values.get('encrypt'), ...keys }, hooks);
    const storages = toCatalogStorages(values, hooks);
    try {
      const entry = await readBackup(path, storages);
      return await withCluster(values, hooks, (cluster) =>
        verifyEntryAgainst(entry, {
          storages,
          codecs,
          key,
          cluster,
          ...COMPARISON_SCAN,
          clusterNamespaces: new Map(Object.entries(clusterNamespaces)),
          temporaryDirectory: values.get('temporary-directory'),
          signal: hooks.signal,
        }),
      );
    } finally {
      await storages.close();
    }
  });
}
