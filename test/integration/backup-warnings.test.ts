/** Backups that end as they should, or late, and say what a user has to know. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Particle } from '../../src/core/particle.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { start, startFilled } from '../support/backup.js';
import { scratch } from '../support/target.js';

const RECORDS = 3000;
const work = scratch();
let cluster: InMemoryCluster;
let count = 0;
const fresh = (): string => join(work.path, `b${count++}`);

beforeAll(async () => {
  ({ cluster } = await startFilled(RECORDS));
});
afterEach(() => cluster.nodes[0]!.clearFaults());
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

describe('a backup with far fewer records than the namespace said it has', () => {
  it('is complete as far as it knows, and says so', async () => {
    cluster.nodes[0]!.injectFaults({
      infoAnswers: new Map([['namespace/test', `objects=${RECORDS * 3};effective_replication_factor=1`]]),
    });
    const { code, stderr } = await start(cluster, ['-d', fresh()]).done;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(
      `Warning: the backup has ${RECORDS} record(s), but the cluster counted ${RECORDS * 3} before it began.`,
    );
  });

  it('is not suspected where a filter or a limit makes it smaller', async () => {
    cluster.nodes[0]!.injectFaults({
      infoAnswers: new Map([['namespace/test', `objects=${RECORDS * 3};effective_replication_factor=1`]]),
    });
    for (const args of [
      ['-X', '0-100'],
      ['-M', '10'],
      ['-B', 'n'],
    ]) {
      const { code, stderr } = await start(cluster, ['-d', fresh(), ...args]).done;
      expect(code, stderr).toBe(0);
      expect(stderr).not.toContain('but the cluster counted');
    }
  });
});

describe('an outage that lasts', () => {
  it('ends the backup when the time without progress is over, as it is told', async () => {
    const running = start(cluster, ['-d', fresh(), '-L', '1000', '--max-retries', '1', '--stall-timeout', '1']);
    await running.until(/Starting backup for/);
    cluster.nodes[0]!.injectFaults({ refuseConnections: true });
    cluster.nodes[0]!.dropConnections();
    const { code, stderr, ms } = await running.done;
    expect(code).toBe(1);
    expect(stderr).toContain('could not be read');
    // The default is a minute.
    expect(ms).toBeLessThan(50_000);
  });
});

describe('a user key that the format has no line for', () => {
  it('is left out, and the backup says of how many records', async () => {
    const other = await InMemoryCluster.start({});
    try {
      const key = Buffer.concat([Buffer.of(Particle.BOOL, 1)]);
      other.store('test').putRaw('s', Buffer.alloc(20, 5), key, 1, 0, []);
      const { code, stderr } = await start(other, ['-d', fresh()]).done;
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('Warning: 1 record(s) have a user key of a kind that the format cannot hold');
    } finally {
      await other.stop();
    }
  });
});
