/**
 * Sends a scan and drops the bytes of the answer: the least that any backup needs.
 * Usage: drain.js HOST PORT NAMESPACE
 */
import { connect } from 'node:net';
import { scanRequest } from '../../src/aerospike/protocol/scan-request.js';

const [host, port, namespace] = process.argv.slice(2) as [string, string, string];
const request = scanRequest(
  { namespace, set: '', bins: [], noBins: false, recordsPerSecond: 0, socketTimeoutMs: 10_000, totalTimeoutMs: 0 },
  BigInt(process.pid) << 20n,
  [...Array(4096).keys()],
  Buffer.alloc(0),
);
const buffer = Buffer.allocUnsafeSlow(1 << 20);
/** The stream ends with a frame of its own: a message header with the LAST bit. */
const END_BYTES = 30;
let tail = Buffer.alloc(0);
let bytes = 0;
const socket = connect({
  host,
  port: Number(port),
  noDelay: true,
  onread: {
    buffer,
    callback(count) {
      bytes += count;
      tail = Buffer.concat([tail, buffer.subarray(Math.max(0, count - END_BYTES), count)]).subarray(-END_BYTES);
      if (tail.readUIntBE(2, 6) === 22 && tail[0] === 2 && tail[1] === 3 && (tail[11]! & 1) === 1) {
        process.stdout.write(`${bytes}\n`);
        socket.destroy();
      }
      return true;
    },
  },
});
socket.write(request);
