/** The long form of test/integration/replica-torture.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readValue } from '../../src/service/document/read-value.js';
import { Storage } from '../../src/service/document/schema/storage.js';
import { tortureReplicas } from './torture.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    s3: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'asb-replicas-'));
console.log(`seed ${values.seed}`);
const totals = await tortureReplicas({
  folder,
  kills: Number(values.kills),
  seed: Number(values.seed),
  note: (text) => console.log(text),
  ...(values.s3 === undefined
    ? {}
    : { storage: readValue(Storage, { 's3-storage': JSON.parse(values.s3) as unknown }, 's3') }),
});
const { problems, ...counts } = totals;
console.log(
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', '),
);
for (const problem of problems) console.log(problem);
if (values.keep || problems.length > 0) console.log(`logs and backups are in ${folder}`);
else rmSync(folder, { recursive: true, force: true });
process.exitCode = problems.length === 0 ? 0 : 1;
