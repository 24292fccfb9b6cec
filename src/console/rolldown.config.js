/**
 * The web console as it is served: one script, one style sheet and the icon, each with a hash of its content in its
 * name, and the page that names them. What it uses is bundled with it.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineConfig } from 'rolldown';

const STYLES = ['base', 'layout', 'parts', 'timeline'];

const read = (name) => readFileSync(join(import.meta.dirname, name), 'utf8');

/** Prettier's blanks and the comments are for readers of the source. */
const minifyCss = (css) =>
  css
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,>]) ?/g, '$1')
    .replace(/: /g, ':')
    .replace(/;}/g, '}')
    .trim();

/** What is bundled must keep its license with it. */
const LIBRARIES = ['preact', '@preact/signals', '@preact/signals-core'];
const readLicense = (library) =>
  readFileSync(join(import.meta.dirname, '../../node_modules', library, 'LICENSE'), 'utf8').trim();

const page = {
  name: 'page',
  generateBundle(_options, bundle) {
    const emit = (name, source) =>
      this.getFileName(this.emitFile({ type: 'asset', name, originalFileName: name, source }));
    const [script] = Object.values(bundle).filter(({ type, isEntry }) => type === 'chunk' && isEntry);
    const names = {
      SCRIPT: script.fileName,
      STYLE: emit('console.css', minifyCss(STYLES.map((part) => read(`styles/${part}.css`)).join('\n'))),
      ICON: emit('icon.svg', read('icon.svg')),
    };
    const licenses = LIBRARIES.map((library) => `${library}\n\n${readLicense(library)}`).join('\n\n');
    this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: licenses });
    const source = read('index.html').replace(/\{(\w+)\}/g, (_, key) => `assets/${basename(names[key])}`);
    this.emitFile({ type: 'asset', fileName: 'index.html', source });
  },
};

export default defineConfig({
  input: { console: join(import.meta.dirname, 'main.tsx') },
  platform: 'browser',
  tsconfig: join(import.meta.dirname, 'tsconfig.json'),
  transform: { target: 'es2022' },
  plugins: [page],
  output: {
    dir: 'dist/console',
    format: 'esm',
    cleanDir: true,
    minify: true,
    entryFileNames: 'assets/[name]-[hash].js',
    chunkFileNames: 'assets/[name]-[hash].js',
    assetFileNames: 'assets/[name]-[hash][extname]',
  },
});
