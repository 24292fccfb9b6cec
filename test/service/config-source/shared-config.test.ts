/** Two replicas of the service on one configuration. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { logText, type LogLine } from '../../../src/core/log.js';
import { ConfigStore } from '../../../src/service/config-source/config-store.js';
import { FileSource } from '../../../src/service/config-source/open-source.js';
import { sampleDocument, SILENT } from './memory-source.js';

const folder = mkdtempSync(join(tmpdir(), 'asb-shared-'));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

async function openTwo(): Promise<{ one: ConfigStore; two: ConfigStore; file: string; lines: string[] }> {
  const file = join(folder, `service${count++}.yml`);
  writeFileSync(file, `service: { replicas: {} }\n${sampleDocument()}`);
  const lines: string[] = [];
  const log = { ...SILENT, info: (line: LogLine): void => void lines.push(logText(line)) };
  const one = await ConfigStore.open({ source: new FileSource(file), log });
  const two = await ConfigStore.open({ source: new FileSource(file), log });
  return { one, two, file, lines };
}

test('a change that one replica makes, is seen by the other when it looks', async () => {
  const { one, two } = await openTwo();
  const changes: number[] = [];
  two.onChange(() => changes.push(1));
  await one.add('backup-policies', 'weekly', { parallel: 2 });
  await two.followSource();
  await two.followSource();
  expect(two.document['backup-policies']?.weekly).toEqual({ parallel: 2 });
  expect(changes).toEqual([1]);
});

test('changes of different entities on two replicas are both kept', async () => {
  const { one, two, file } = await openTwo();
  await one.add('backup-policies', 'weekly', { parallel: 2 });
  await two.update('backup-policies', 'p1', { parallel: 7 });
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('weekly');
  expect(text).toContain('parallel: 7');
  expect(two.document['backup-policies']).toMatchObject({ weekly: { parallel: 2 }, p1: { parallel: 7 } });
});

test('a change of what another replica has changed unseen, is refused, and made when it is asked for again', async () => {
  const { one, two, file } = await openTwo();
  await one.update('backup-policies', 'p1', { parallel: 2 });
  for (const change of [
    (): Promise<void> => two.update('backup-policies', 'p1', { parallel: 7 }),
    (): Promise<void> => two.update('backup-policies', 'p1', { parallel: 8 }),
  ]) {
    await change().then(
      () => expect(readFileSync(file, 'utf8')).toContain('parallel: 8'),
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'SERVICE_CONFLICT' });
        expect(readFileSync(file, 'utf8')).toContain('parallel: 2');
      },
    );
  }
  expect(two.document['backup-policies']?.p1).toEqual({ parallel: 8 });
});

test('a whole document that does not know the change of another replica, is refused', async () => {
  const { one, two } = await openTwo();
  const seen = two.redacted();
  await one.add('backup-policies', 'weekly', { parallel: 2 });
  await expect(two.replace(seen)).rejects.toMatchObject({ code: 'SERVICE_CONFLICT' });
  expect(two.document['backup-policies']?.weekly).toBeDefined();
});

test('of many changes at the same time on two replicas, none is lost without an error', async () => {
  const { one, two } = await openTwo();
  const names = Array.from({ length: 10 }, (_, i) => `policy${i}`);
  const results = await Promise.allSettled(
    names.map((name, i) => (i % 2 === 0 ? one : two).add('backup-policies', name, { parallel: 2 })),
  );
  await one.followSource();
  const kept = Object.keys(one.document['backup-policies'] ?? {});
  for (const [i, { status }] of results.entries()) expect(kept.includes(names[i]!)).toBe(status === 'fulfilled');
});

test('a source that became wrong, is reported once, and what was right before stays', async () => {
  const { two, file, lines } = await openTwo();
  writeFileSync(file, 'service: { replicas: {} }\nnonsense: 1\n');
  await two.followSource();
  await two.followSource();
  expect(lines.filter((line) => line.includes('is not taken over'))).toHaveLength(1);
  expect(two.document['backup-policies']?.p1).toBeDefined();
});
