/** Scans a namespace with the official client and counts the records. Usage: client.js HOST PORT NAMESPACE */
import Aerospike from 'aerospike';

const [host, port, namespace] = process.argv.slice(2) as [string, string, string];
const client = await Aerospike.connect({
  hosts: [{ addr: host, port: Number(port) }],
  log: { level: Aerospike.log.OFF },
});
let count = 0;
const stream = client.scan(namespace).foreach();
stream.on('data', () => count++);
await new Promise<void>((resolve, reject) => {
  stream.on('end', () => {
    resolve();
  });
  stream.on('error', reject);
});
process.stdout.write(`${count}\n`);
client.close();
