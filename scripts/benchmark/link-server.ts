/**
 * The in-memory server behind a proxy: it listens on one host and names another.
 * Usage: link-server.js HOST NAMED PORT
 */
import { InMemoryCluster } from '../../src/node/cluster.js';

const [host, named, port] = process.argv.slice(2) as [string, string, string];
const cluster = await InMemoryCluster.start({ host, ports: [Number(port)], advertised: { std: named } });
process.once('SIGTERM', () => void cluster.stop());
process.stdout.write(`ready ${host}:${port}\n`);
