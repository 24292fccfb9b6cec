/** The files of the web console as the build has made them. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PACKAGE_ROOT } from '../../core/package-root.js';

const FOLDER = new URL('dist/console/', PACKAGE_ROOT);
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};
const PAGE = 'index.html';
/** Names of files below it have a hash of their content. */
const HASHED = 'assets/';

export interface ConsoleFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  /** Quoted, as the header has it. */
  readonly tag: string;
  /** The content of this name is always the same. */
  readonly isImmutable: boolean;
}

/** By their paths below the console; the page is ''. Empty = the console was not built. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

export async function readConsoleFiles(folder: URL = FOLDER): Promise<ConsoleFiles> {
  const files = new Map<string, ConsoleFile>();
  let names: string[];
  try {
    names = await readdir(folder, { recursive: true });
  } catch {
    return files;
  }
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const path = name.replaceAll('\\', '/');
    const plain = await readFile(new URL(path, folder));
    files.set(path === PAGE ? '' : path, {
      type,
      plain,
      gzipped: await promisify(gzip)(plain, { level: 9 }),
      tag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
      isImmutable: path.startsWith(HASHED),
    });
  }
  return files;
}
