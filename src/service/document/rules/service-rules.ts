import { checkTimeZone } from '../../schedule/time-zone.js';
import { isNetwork } from '../../http/address-list.js';
import { SECURE_SUITES } from '../../http/cipher-suites.js';
import { joinPath } from '../json-schema.js';
import type { HttpSettings, HttpsSettings, ReplicaSettings } from '../schema/service-settings.js';
import type { ServiceDocument } from '../schema/service-document.js';
import { checkCleanPath, checkName, checkSecrets, checkTogether, isGiven } from './common-rules.js';

/** What the schema of the static part cannot say. */
export function checkService(document: ServiceDocument): string[] {
  const { http, https, backup, logger, replicas } = document.service ?? {};
  const zone = backup?.['schedule-timezone'];
  const problem = zone === undefined ? undefined : checkTimeZone(zone);
  return [
    ...(http === undefined ? [] : checkRate(http, 'service.http')),
    ...(https === undefined ? [] : checkHttps(https, document)),
    ...checkCleanPath(logger?.['file-writer']?.filename, 'service.logger.file-writer.filename'),
    ...checkReplicas(replicas, document),
    ...(problem === undefined ? [] : [`service.backup.schedule-timezone: ${problem}`]),
  ];
}

function checkReplicas(replicas: ReplicaSettings | undefined, { storage = {} }: ServiceDocument): string[] {
  const { id, storage: name } = replicas ?? {};
  const problem = id === undefined ? undefined : checkName(id);
  return [
    ...(problem === undefined ? [] : [`service.replicas.id: the name ${problem}`]),
    ...(name === undefined || Object.hasOwn(storage, name)
      ? []
      : [`service.replicas.storage: storage ${JSON.stringify(name)} not found`]),
  ];
}

function checkHttps(https: HttpsSettings, document: ServiceDocument): string[] {
  const where = 'service.https';
  const problems = [
    ...checkRate(https, where),
    ...checkTogether(https, ['cert-file', 'key-file'], where),
    ...(['cert-file', 'key-file', 'client-ca-file'] as const).flatMap((key) =>
      checkCleanPath(https[key], joinPath(where, key)),
    ),
    ...checkSecrets(https, { [joinPath(where, 'key-file-password')]: https['key-file-password'] }, document, where),
  ];
  if (https.disabled !== true && !isGiven(https, 'cert-file') && !isGiven(https, 'key-file')) {
    problems.push(`${where}.cert-file: is required`, `${where}.key-file: is required`);
  }
  for (const [i, suite] of (https['cipher-suites'] ?? []).entries()) {
    if (SECURE_SUITES.includes(suite)) continue;
    const allowed = SECURE_SUITES.join(', ');
    problems.push(`${where}.cipher-suites[${i}]: ${JSON.stringify(suite)} is no secure suite; allowed: ${allowed}`);
  }
  const auth = https['client-auth'] ?? 'none';
  if (auth !== 'none' && !isGiven(https, 'client-ca-file')) {
    problems.push(`${where}.client-ca-file: is required by client-auth ${auth}`);
  }
  return problems;
}

function checkRate({ rate }: HttpSettings, where: string): string[] {
  return (rate?.['white-list'] ?? []).flatMap((entry, i) => {
    if (isNetwork(entry)) return [];
    return [
      `${where}.rate.white-list[${i}]: expected an address or a network as 10.0.0.0/8, got ${JSON.stringify(entry)}`,
    ];
  });
}
