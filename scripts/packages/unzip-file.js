/** Writes one file of a zip file. Usage: node scripts/packages/unzip-file.js ARCHIVE NAME TARGET */
import { readFileSync, writeFileSync } from 'node:fs';
import { unzipSync } from 'fflate';

const [archive, name, target] = process.argv.slice(2);
const { [name]: contents } = unzipSync(readFileSync(archive), { filter: (file) => file.name === name });
if (contents === undefined) throw new Error(`${archive} does not hold ${name}`);
writeFileSync(target, contents);
