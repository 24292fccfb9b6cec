/** Reads a backup with the library of a build and counts the records. Usage: reader.js PROJECT PATH */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Package {
  exports: { '.': { default: string } };
}
interface Library {
  readBackup: (path: string) => AsyncIterable<{ kind?: string; type?: string }>;
}

const [project, path] = process.argv.slice(2) as [string, string];
const { exports } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as Package;
const entry = pathToFileURL(resolve(project, exports['.'].default)).href;
const { readBackup } = (await import(entry)) as Library;
let count = 0;
for await (const { kind, type } of readBackup(path)) if ((kind ?? type) === 'record') count++;
process.stdout.write(`${count}\n`);
