import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ServiceFixture, type ServiceFixtureOptions } from '../../support/service-runs.js';

let fixture: ServiceFixture;
afterEach(() => fixture.close());

async function open(options: ServiceFixtureOptions): Promise<ServiceFixture> {
  fixture = new ServiceFixture(options);
  await fixture.runner.start();
  await fixture.runner.idle();
  return fixture;
}

async function runFull(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await fixture.run('full');
    fixture.clock.advance(60_000);
  }
}

describe('retention', () => {
  it('after a full backup, deletes what is too old with all that belongs to it', async () => {
    await open({ policy: { retention: { full: 2 } } });
    await runFull(1);
    await fixture.run('incremental');
    expect(fixture.runs('incremental')).toHaveLength(1);
    const [first] = fixture.runs('backup');
    await runFull(2);
    expect(fixture.runs('backup')).toHaveLength(2);
    expect(fixture.runs('backup')).not.toContain(first);
    expect(fixture.runs('incremental')).toEqual([]);
  });

  it('after a full backup that failed, deletes nothing', async () => {
    await open({ policy: { retention: { full: 1 } } });
    await runFull(1);
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    (await fixture.backup(1)).fail('CLUSTER_VERSION');
    await fixture.runner.idle();
    expect(fixture.runs('backup')).toHaveLength(1);
  });

  it('the data of an increment that runs are not lost, even if none is to be kept', async () => {
    await open({ policy: { retention: { full: 1, incremental: 0 }, 'concurrent-incremental': true } });
    await runFull(1);
    await fixture.run('incremental');
    fixture.clock.advance(60_000);
    fixture.runner.trigger('nightly', 'incremental', 0);
    fixture.clock.advance(50);
    const increment = await fixture.backup(2);
    writeFileSync(join(increment.settings.directory!, 'test_00000.asb'), 'half');
    fixture.clock.advance(1000);
    fixture.runner.trigger('nightly', 'full', 0);
    fixture.clock.advance(50);
    (await fixture.backup(3)).succeed();
    while (fixture.runs('backup').length > 1 || fixture.runs('incremental').length > 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(fixture.list('incremental')).toHaveLength(1);
    increment.succeed();
    await fixture.runner.idle();
    expect(fixture.list('incremental').some((path) => path.endsWith('metadata.yaml'))).toBe(true);
  });

  it('while a restore reads, deletes nothing; the next full backup makes up for it', async () => {
    await open({ policy: { retention: { full: 1 } } });
    await runFull(1);
    const release = fixture.runner.lockForRestore('nightly');
    await runFull(1);
    expect(fixture.runs('backup')).toHaveLength(2);
    release();
    release();
    await runFull(1);
    expect(fixture.runs('backup')).toHaveLength(1);
  });

  it('that was killed while it deleted a backup, is finished after the next full backup', async () => {
    await open({ policy: { retention: { full: 1 } } });
    await runFull(1);
    const [first] = fixture.runs('backup');
    const path = join(fixture.folder.path, 'nightly/backup', first!);
    // What says that it is complete goes first, then the folders, and this file with the last of them.
    writeFileSync(join(path, 'deletion.json'), '{}');
    rmSync(join(path, 'data/test/metadata.yaml'));
    await runFull(1);
    expect(fixture.runs('backup')).toHaveLength(1);
    expect(fixture.runs('backup')).not.toContain(first);
  });

  it('what is held stays', async () => {
    await open({ policy: { retention: { full: 1 } } });
    await runFull(1);
    const [held] = fixture.runs('backup');
    writeFileSync(join(fixture.folder.path, 'nightly/backup', held!, 'data/test/hold.json'), '{}');
    await runFull(2);
    expect(fixture.runs('backup')).toHaveLength(2);
    expect(fixture.runs('backup')).toContain(held);
  });

  it('one damaged metadata file keeps no other backup', async () => {
    await open({ policy: { retention: { full: 1 } } });
    const damaged = join(fixture.folder.path, 'nightly/backup/1000000000000/data/test');
    mkdirSync(damaged, { recursive: true });
    writeFileSync(join(damaged, 'metadata.yaml'), ':');
    await runFull(3);
    expect(fixture.runs('backup')).toHaveLength(2);
    expect(fixture.runs('backup')).toContain('1000000000000');
  });
});
