/**
 * Bundles the programs of scripts/ for Node 20, which runs no TypeScript: scripts/FOLDER/NAME.ts becomes .tmp/FOLDER/NAME.js,
 * at the same depth, so that paths relative to a program are right in both places.
 */
import { readdirSync } from 'node:fs';
import { defineConfig } from 'rolldown';

const PROGRAMS = {
  'crash-test': ['main'],
  benchmark: [
    'bench',
    'catalog',
    'catalog-costs',
    'checkpoint',
    'client',
    'drain',
    'frames',
    'hot',
    'link',
    'link-server',
    'reader',
    'replay',
    'storage',
  ],
  docs: ['generate'],
  tour: ['main'],
  life: ['main'],
  service: ['main', 'load', 'memory', 'requests'],
  replicas: ['main'],
  attacks: ['main'],
  console: ['screenshots'],
};
const folders = readdirSync(import.meta.dirname);

export default defineConfig({
  input: Object.fromEntries(
    Object.entries(PROGRAMS)
      .filter(([folder]) => folders.includes(folder))
      .flatMap(([folder, names]) => names.map((name) => [`${folder}/${name}`, `scripts/${folder}/${name}.ts`])),
  ),
  platform: 'node',
  // Packages stay packages.
  external: /^[^./\\]/,
  output: { dir: '.tmp', format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js' },
});
