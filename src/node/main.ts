/** An in-memory cluster as a program: prints `ready host:port[,host:port…]`, runs until SIGINT or SIGTERM. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { hashPassword } from '../aerospike/protocol/credential.js';
import { errorMessage } from '../core/errors.js';
import { InMemoryCluster, type InMemoryClusterOptions } from './cluster.js';
import { PRIVILEGES, UserDirectory, type NodeUser, type Privilege } from './security.js';

const USAGE = `Usage: main.js [options]
  --port N                 port of the first node, the next ones follow (default: any free)
  --host ADDRESS           address to listen on (default 127.0.0.1)
  --nodes N                how many nodes (default 1)
  --replication-factor N   copies of each partition (default 1)
  --namespaces A,B         namespaces (default test,restored)
  --build A.B.C.D          version to pretend (default 8.1.0.3)
  --default-ttl SECONDS    (default 0: never)
  --nsup-period SECONDS    (default 120; 0 refuses writes with a TTL)
  --max-record-size BYTES  (default 1048576)
  --user NAME:PASSWORD     security on, with this user who may do everything; may be repeated
  --user NAME:PASSWORD:P,Q the same with these privileges: read, write, sindex-admin, udf-admin, truncate
  --external               the server must see the passwords, as with LDAP
  --token-ttl SECONDS      life of a session token (default 86400)
  --tls-cert FILE          TLS with this certificate (PEM)
  --tls-key FILE           its key
  --tls-ca FILE            clients need a certificate signed by one of these
  --tls-name NAME          what the nodes' certificate is to be checked for
`;

async function parseOptions(args: string[]): Promise<InMemoryClusterOptions | undefined> {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' },
      port: { type: 'string' },
      host: { type: 'string' },
      nodes: { type: 'string' },
      'replication-factor': { type: 'string' },
      namespaces: { type: 'string' },
      build: { type: 'string' },
      'default-ttl': { type: 'string' },
      'nsup-period': { type: 'string' },
      'max-record-size': { type: 'string' },
      user: { type: 'string', multiple: true },
      external: { type: 'boolean' },
      'token-ttl': { type: 'string' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      'tls-ca': { type: 'string' },
      'tls-name': { type: 'string' },
    },
  });
  if (values.help === true) return undefined;
  const nodes = parseCount('nodes', values.nodes) ?? 1;
  const port = parseCount('port', values.port) ?? 0;
  const options: InMemoryClusterOptions = {
    nodes,
    ports: Array.from({ length: nodes }, (_, i) => (port === 0 ? 0 : port + i)),
  };
  const replicationFactor = parseCount('replication-factor', values['replication-factor']);
  const defaultTtlS = parseCount('default-ttl', values['default-ttl']);
  const nsupPeriodS = parseCount('nsup-period', values['nsup-period']);
  const maxRecordSizeBytes = parseCount('max-record-size', values['max-record-size']);
  if (replicationFactor !== undefined) options.replicationFactor = replicationFactor;
  if (defaultTtlS !== undefined) options.defaultTtlS = defaultTtlS;
  if (nsupPeriodS !== undefined) options.nsupPeriodS = nsupPeriodS;
  if (maxRecordSizeBytes !== undefined) options.maxRecordSizeBytes = maxRecordSizeBytes;
  if (values.host !== undefined) options.host = values.host;
  if (values.build !== undefined) options.build = values.build;
  if (values.namespaces !== undefined) options.namespaces = values.namespaces.split(',');
  if (values.user !== undefined) {
    const users = await Promise.all(values.user.map((text) => parseUser(text, values.external === true)));
    const tokenTtlS = parseCount('token-ttl', values['token-ttl']);
    options.security = new UserDirectory({ users, ...(tokenTtlS === undefined ? {} : { tokenTtlS }) });
  }
  const { 'tls-cert': cert, 'tls-key': key, 'tls-ca': ca, 'tls-name': name } = values;
  if (cert !== undefined) {
    if (key === undefined || name === undefined) throw new Error('--tls-cert needs --tls-key and --tls-name');
    options.tls = {
      name,
      cert: readFileSync(cert, 'latin1'),
      key: readFileSync(key, 'latin1'),
      ...(ca === undefined ? {} : { clientCa: readFileSync(ca, 'latin1') }),
    };
  }
  return options;
}

async function parseUser(text: string, external: boolean): Promise<NodeUser> {
  const [name = '', password = '', list] = text.split(':');
  const privileges = list?.split(',').filter((word) => word !== '');
  const unknown = privileges?.find((word) => !(PRIVILEGES as readonly string[]).includes(word));
  if (unknown !== undefined) throw new Error(`--user: there is no privilege "${unknown}"`);
  return {
    name,
    credential: await hashPassword(password),
    ...(external ? { clearPassword: password } : {}),
    ...(privileges === undefined ? {} : { privileges: privileges as Privilege[] }),
  };
}

function parseCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
}

async function main(): Promise<void> {
  const options = await parseOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  const cluster = await InMemoryCluster.start(options);
  const stop = (): void => {
    void cluster.stop();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  process.stdout.write(`ready ${cluster.nodes.map((node) => `${node.host}:${node.port}`).join(',')}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 1;
});
