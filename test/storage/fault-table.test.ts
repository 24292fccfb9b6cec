/** The tables of docs/guide/storage-faults.md say what the code says. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as azure from '../../src/storage/azure/errors.js';
import { storageError } from '../../src/storage/errors.js';
import * as gcs from '../../src/storage/gcs/errors.js';
import * as s3 from '../../src/storage/s3/errors.js';

interface Row {
  fault: string;
  /** A status and a name, or the code of a system error. */
  answer: string;
  code: string;
  message: string;
  retried: string;
  test: string;
}

const place = { action: 'write', host: 'HOST' };

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** What each store makes of an answer with a status; `says` is the text that comes with it. */
const STORES: Readonly<
  Record<string, { path: string; explain(answer: [number, string] | Error): [Error & { code: string }, boolean] }>
> = {
  'Amazon S3': {
    path: 's3://BUCKET/KEY',
    explain(answer) {
      const error =
        answer instanceof Error
          ? answer
          : Object.assign(new Error('TEXT'), {
              name: answer[1],
              $metadata: { httpStatusCode: answer[0], requestId: 'ID' },
            });
      const context = { ...place, path: this.path, region: 'REGION' };
      return [s3.toStorageError(error, context), s3.isTransient(error)];
    },
  },
  'Google Cloud Storage': {
    path: 'gs://BUCKET/KEY',
    explain(answer) {
      const error = answer instanceof Error ? answer : new gcs.GcsFault(answer[0], answer[1], 'TEXT');
      return [gcs.toStorageError(error, { ...place, path: this.path }), gcs.isTransient(error)];
    },
  },
  Azure: {
    path: 'azblob://CONTAINER/KEY',
    explain(answer) {
      const error =
        answer instanceof Error
          ? answer
          : Object.assign(new Error('TEXT'), { statusCode: answer[0], details: { errorCode: answer[1] } });
      return [azure.toStorageError(error, { ...place, path: this.path }), azure.isTransient(error)];
    },
  },
  'Local files': {
    path: '/PATH',
    explain: (answer) => [storageError('write', '/PATH', answer), false],
  },
};

const text = readFileSync('docs/guide/storage-faults.md', 'utf8');

function readRows(title: string): Row[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`))!;
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => {
    const [fault, answer, code, message, retried, test] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`|`$/g, '')) as [string, string, string, string, string, string];
    return { fault, answer, code, message, retried, test };
  });
}

describe('the table of faults', () => {
  it.each(Object.keys(STORES))('of %s, has the message, the code and the retries of each', (title) => {
    const { path } = STORES[title]!;
    const rows = readRows(title);
    expect(rows.length).toBeGreaterThan(8);
    const found = rows.map(({ fault, answer, test }): Row => {
      const [, status, name] = /^(\d+) (.+)$/.exec(answer) ?? [];
      const given = status === undefined ? systemError(answer) : ([Number(status), name!] as [number, string]);
      const [error, isTransient] = STORES[title]!.explain(given);
      const message = error.message.slice(`Cannot write ${path}: `.length);
      return { fault, answer, code: error.code, message, retried: isTransient ? 'yes' : 'no', test };
    });
    expect(found).toEqual(rows);
  });

  it('names tests that exist', () => {
    const tests = Object.keys(STORES).flatMap((title) => readRows(title).map(({ test }) => test));
    expect(tests.filter((test) => !existsSync(`test/${test}`))).toEqual([]);
  });
});
