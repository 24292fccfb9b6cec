/**
 * Values of the secret agent of a shape of their own - paths, addresses, prefixes, key files - of which messages quote
 * pieces, and object stores that repeat in their answers what they were asked for.
 */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { startTool, type EndedRun } from '../crash-test/tool-run.js';
import type { Random } from '../fuzz/random.js';
import type { Attack } from './attack.js';
import { startFakeAgent } from './fake-agent.js';
import { findLeaks } from './leaks.js';

const HANG_MS = 40_000;

interface Place {
  name: string;
  /** `VALUE` stands for the reference of the secret, `STORE` for the URL of the store. */
  args: readonly string[];
  /** Made of random words; the words are what must not be seen. */
  value: (words: readonly string[], store: string) => string;
  tool?: 'asrestore';
  /** The message names the reference or nothing. */
  isUnquoted?: true;
}

const S3 = ['--s3-endpoint-override', 'STORE', '--s3-region', 'x', '--s3-retry-max-attempts', '1'];
const S3_KEYS = ['--s3-access-key-id', 'a', '--s3-secret-access-key', 'b'];
const GCS = ['--gcp-endpoint-override', 'STORE', '--gcp-retry-max-attempts', '1'];
const AZURE = ['--azure-account-name', 'account', '--azure-retry-max-attempts', '1'];
const AZURE_KEY = ['--azure-account-key', Buffer.alloc(64, 7).toString('base64')];
const TO_OUT = ['-n', 'test', '-d', 'out'];

const PLACES: readonly Place[] = [
  {
    name: 'directory of S3',
    args: ['-n', 'test', '-d', 'VALUE', ...S3, ...S3_KEYS],
    value: ([a, b, c]) => `s3://bucket-${a}/${b} (&) ${c}`,
  },
  {
    name: 'file of S3',
    args: ['-n', 'test', '-o', 'VALUE', ...S3, ...S3_KEYS],
    value: ([a, b, c]) => `s3://bucket-${a}/${b}/"${c}"/x!'*`,
  },
  {
    name: 'input of S3',
    args: ['-d', 'VALUE', ...S3, ...S3_KEYS],
    value: ([a, b]) => `s3://${a}/${b}+ü`,
    tool: 'asrestore',
  },
  {
    name: 'directory of Google Cloud Storage',
    args: ['-n', 'test', '-d', 'VALUE', ...GCS],
    value: ([a, b, c]) => `gs://${a}/${b} <&> ${c}`,
  },
  {
    name: 'input of Google Cloud Storage',
    args: ['-i', 'VALUE', ...GCS],
    value: ([a, b]) => `gs://${a}/x/${b}.asb`,
    tool: 'asrestore',
  },
  {
    name: 'directory of Azure',
    args: ['-n', 'test', '-d', 'VALUE', ...AZURE, ...AZURE_KEY, '--azure-endpoint', 'STORE'],
    value: ([a, b, c]) => `azblob://${a}/${b} & ${c}`,
  },
  {
    name: 'endpoint of S3 that is refused',
    args: ['-n', 'test', '-d', 's3://bucket/x', '--s3-endpoint-override', 'VALUE', '--s3-region', 'x', ...S3_KEYS],
    value: ([a, b]) => `http://${a}.invalid:9000/${b}`,
  },
  {
    name: 'endpoint of Azure with a signature',
    args: ['-n', 'test', '-d', 'azblob://container/x', ...AZURE, '--azure-endpoint', 'VALUE'],
    value: ([a, b], store) => `${store}/?sv=2024&sig=${a}%2B${b}%3D`,
  },
  {
    name: 'key file of Google',
    args: ['-n', 'test', '-d', 'gs://bucket/x', ...GCS, '--gcp-key-path', 'VALUE'],
    value: ([a, b, c], store) => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      return JSON.stringify({
        type: 'service_account',
        project_id: a,
        private_key_id: b,
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        client_email: `${c}@${a}.iam.gserviceaccount.com`,
        token_uri: `${store}/token`,
      });
    },
  },
  {
    name: 'key of one line that is no key',
    args: [...TO_OUT, '-y', 'aes128', '--encryption-key-file', 'VALUE'],
    value: ([a, b, c]) => `-----BEGIN PRIVATE KEY-----${a}${b}\\n${c}-----END PRIVATE KEY-----`,
    isUnquoted: true,
  },
  {
    name: 'prefix with a directory that is a file',
    args: [...TO_OUT, '-q', 'VALUE', '--remove-artifacts'],
    value: ([a, b]) => `${a}/${b}`,
  },
  {
    name: 'directory below a file',
    args: ['-n', 'test', '-d', 'VALUE'],
    value: ([a, b]) => `/dev/null/${a}/${b}`,
  },
  {
    name: 'relative directory that is not there',
    args: ['-d', 'VALUE'],
    value: ([a, b]) => `./${a}//${b}/`,
    tool: 'asrestore',
  },
  {
    name: 'list of directories',
    args: ['--directory-list', 'VALUE', '--parent-directory', '/dev/null'],
    value: ([a, b]) => `${a},${b}/x`,
    tool: 'asrestore',
  },
  {
    name: 'seed that has no address',
    args: ['-n', 'test', '-d', 'out', '-h', 'VALUE'],
    value: ([a, b]) => `${a!.toUpperCase()}.invalid,${b}.invalid:3000`,
  },
  {
    name: 'node that is not of the cluster',
    args: ['-n', 'test', '-d', 'out', '-l', 'VALUE', '--manifest'],
    value: ([a]) => `${a}.invalid:3000`,
    isUnquoted: true,
  },
  {
    name: 'namespace that is not there',
    args: ['-n', 'VALUE', '-d', 'out'],
    value: ([a]) => a!,
  },
  {
    name: 'namespaces of a restore',
    args: ['-n', 'VALUE', '-i', '/dev/null'],
    value: ([a, b]) => `${a},${b}`,
    tool: 'asrestore',
    isUnquoted: true,
  },
  {
    name: 'partitions that cannot be read',
    args: [...TO_OUT, '-X', 'VALUE'],
    value: ([a, b]) => `${a},${b}`,
    isUnquoted: true,
  },
];

const shapedValues: Attack = {
  name: 'path, address, prefix or key of the secret agent is in no output, however a store or a message quotes it',
  run: async ({ random, folder }) => {
    const agent = await startFakeAgent();
    const cluster = await InMemoryCluster.start();
    const store = await startEchoingStore();
    try {
      const problems: string[] = [];
      for (const [i, place] of PLACES.entries()) {
        const words = [0, 1, 2].map(() => makeWord(random));
        agent.values = { planted: place.value(words, store.url) };
        const where = join(folder, String(i));
        const args = place.args.map((word) => replaceWord(word, store.url, where));
        const hosts = place.args.includes('-h') ? [] : ['-h', '127.0.0.1', '-p', String(cluster.seed.port)];
        const json = random.below(2) === 0 ? [] : ['--log-json'];
        const common = ['--no-config-file', '--sa-address', agent.address, '--sa-timeout', String(HANG_MS), '-v'];
        const run = await startTool(place.tool ?? 'asbackup', [...common, ...hosts, ...json, ...args], {
          hangMs: HANG_MS,
          keepOutput: true,
          cwd: folder,
        }).done;
        problems.push(...findLeaks(words, outputs(run, where)).map((text) => `${place.name}: ${text}`));
        if (run.signal !== null) problems.push(`${place.name}: ended by ${run.signal}`);
        if (run.code !== 1) problems.push(`${place.name}: exit code ${run.code ?? 'null'}`);
        // Otherwise the run did not come as far as to say anything about it.
        if (place.isUnquoted !== true && !run.log.includes('<secrets:pool:planted>'))
          problems.push(`${place.name}: is not quoted: ${run.log.slice(-300)}`);
      }
      return problems;
    } finally {
      await store.close();
      await cluster.stop();
      await agent.close();
    }
  },
};

/** Nobody would take it for a word of a message. */
function makeWord(random: Random): string {
  const letters = 'bcdfghjklmnpqrstvwxz0123456789';
  let text = 'w';
  while (text.length < 15) text += letters[random.below(letters.length)]!;
  return text;
}

function replaceWord(word: string, store: string, where: string): string {
  if (word === 'VALUE') return 'secrets:pool:planted';
  if (word === 'STORE') return store;
  return word === 'out' ? where : word;
}

/** The log, standard output, and the part of a manifest that is made of a message. */
function outputs({ log, output }: EndedRun, where: string): Record<string, string> {
  const path = join(where, 'manifest.json');
  if (!existsSync(path)) return { 'the log': log, 'standard output': output };
  const { manifest } = JSON.parse(readFileSync(path, 'utf8')) as { manifest: { reason?: string } };
  return { 'the log': log, 'standard output': output, 'the manifest': manifest.reason ?? '' };
}

/** Refuses everything, and repeats the request in the forms in which stores do. */
async function startEchoingStore(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    let plain = url;
    try {
      plain = decodeURIComponent(url);
    } catch {
      // It stays as it came.
    }
    const text = `No ${url} or ${plain}, ${url.slice(0, 30)} or ${plain.slice(1, 30)}`;
    request.resume();
    request.on('end', () => {
      const isXml = !url.includes('/storage/v1') && !url.includes('/token');
      response.writeHead(400, { 'content-type': isXml ? 'application/xml' : 'application/json' });
      const xml = `<?xml version="1.0"?><Error><Code>Odd</Code><Message>${escapeXml(text)}</Message></Error>`;
      const json = { error: { code: 400, message: text, errors: [{ reason: 'odd' }] } };
      response.end(isXml ? xml : JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export const SHAPED_SECRETS: readonly Attack[] = [shapedValues];
