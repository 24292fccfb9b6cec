/** Registered Lua modules: kept and listed, never run (wire.md 9.2). All text is latin1, one character per byte. */
import { createHash } from 'node:crypto';

interface UdfModule {
  content: string;
  hash: string;
}

export class UdfTable {
  private readonly modules = new Map<string, UdfModule>();

  /** `content` is base64. */
  put(filename: string, content: string): void {
    const hash = createHash('sha1').update(filename).update(content).digest('hex');
    this.modules.set(filename, { content, hash });
  }

  remove(filename: string): void {
    this.modules.delete(filename);
  }

  /** The base64 text of a module. */
  content(filename: string): string | undefined {
    return this.modules.get(filename)?.content;
  }

  /** The answer to `udf-list`: every entry ends with `;`. */
  list(): string {
    let out = '';
    for (const [filename, { hash }] of this.modules) out += `filename=${filename},hash=${hash},type=LUA;`;
    return out;
  }
}
