/** Whether the files that TLS needs can be used: found when a document is accepted, not when the next backup starts. */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { isReference } from '../../config/secrets/secret-uri.js';
import { systemErrorText } from '../../core/errors.js';
import { findEntity } from '../document/find-entity.js';
import { joinPath } from '../document/json-schema.js';
import type { ServiceDocument } from '../document/schema/service-document.js';

/** Files of one use of TLS, by the keys of the document. */
interface Material {
  readonly 'ca-file'?: string;
  readonly 'ca-path'?: string;
  readonly 'client-ca-file'?: string;
  readonly 'tls-ca-file'?: string;
  readonly 'cert-file'?: string;
  readonly 'key-file'?: string;
  readonly 'key-file-password'?: string;
}

/**
 * What is wrong with the files of clusters and agents, each as `where: what`. Entities that are as in `before` are not
 * looked at: a file that has gone since does not keep the others from being changed.
 */
export async function probeTls(document: ServiceDocument, before: ServiceDocument): Promise<string[]> {
  const clusters = Object.entries(document['aerospike-clusters'] ?? {}).flatMap(([name, cluster]) => {
    const isSame = isDeepStrictEqual(cluster.tls, findEntity(before['aerospike-clusters'], name)?.tls);
    const where = joinPath(joinPath('aerospike-clusters', name), 'tls');
    return cluster.tls === undefined || isSame ? [] : [probe(cluster.tls, where)];
  });
  const agents = Object.entries(document['secret-agents'] ?? {}).flatMap(([name, agent]) => {
    const isSame = isDeepStrictEqual(agent, findEntity(before['secret-agents'], name));
    return isSame ? [] : [probe(agent, joinPath('secret-agents', name))];
  });
  return (await Promise.all([...clusters, ...agents])).flat();
}

async function probe(material: Material, where: string): Promise<string[]> {
  const problems: string[] = [];
  const read = async (key: keyof Material): Promise<string | undefined> => {
    const path = material[key] ?? '';
    if (path === '') return undefined;
    try {
      return await readFile(path, 'latin1');
    } catch (error) {
      problems.push(`${joinPath(where, key)}: cannot read ${path}: ${systemErrorText(error)}`);
      return undefined;
    }
  };
  for (const key of ['ca-file', 'tls-ca-file', 'client-ca-file'] as const) {
    const pem = await read(key);
    if (pem !== undefined && !hasCertificate(pem)) problems.push(noCertificate(material, key, where));
  }
  const directory = material['ca-path'] ?? '';
  if (directory !== '') {
    await readdir(directory).catch((error: unknown) => {
      problems.push(`${joinPath(where, 'ca-path')}: cannot read ${directory}: ${systemErrorText(error)}`);
    });
  }
  const [cert, key] = [await read('cert-file'), await read('key-file')];
  if (cert !== undefined && !hasCertificate(cert)) problems.push(noCertificate(material, 'cert-file', where));
  else if (cert !== undefined && key !== undefined) problems.push(...checkPair(material, cert, key, where));
  return problems;
}

function checkPair(material: Material, cert: string, key: string, where: string): string[] {
  const passphrase = material['key-file-password'] ?? '';
  // Fetched when it is needed.
  if (isReference(passphrase)) return [];
  try {
    createSecureContext({ cert, key, ...(passphrase === '' ? {} : { passphrase }) });
    return [];
  } catch {
    const what = passphrase === '' ? 'without a password' : 'with key-file-password';
    const path = material['key-file'] ?? '';
    return [`${joinPath(where, 'key-file')}: ${path} is no key that fits to cert-file and can be read ${what}`];
  }
}

function noCertificate(material: Material, key: keyof Material, where: string): string {
  return `${joinPath(where, key)}: ${material[key] ?? ''} holds no certificate in PEM form`;
}

function hasCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
