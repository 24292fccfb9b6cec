/** Documents as text. */
import type { BackupPage } from '../schema/backup.js';

export class AnswerSerializer {
  /** Of documents that are answered again and again, and never change. */
  private readonly texts = new WeakMap<object, string>();
  /** The same, where they are an answer of their own. */
  private readonly bytes = new WeakMap<object, Buffer>();

  /** @param prefix of the paths that the client sees */
  constructor(readonly prefix: string) {}

  serialize(document: unknown): string {
    if (this.prefix === '') return JSON.stringify(document);
    return JSON.stringify(document, (key, value: unknown) =>
      key === 'href' && typeof value === 'string' && value.startsWith('/v2/') ? this.prefix + value : value,
    );
  }

  private serializeOnce(document: object): string {
    const known = this.texts.get(document);
    if (known !== undefined) return known;
    const text = this.serialize(document);
    this.texts.set(document, text);
    return text;
  }

  /** Of a document that never changes, as bytes: they are written again and again without being made again. */
  encodeOnce(document: object): Buffer {
    const known = this.bytes.get(document);
    if (known !== undefined) return known;
    const bytes = Buffer.from(this.serialize(document));
    this.bytes.set(document, bytes);
    return bytes;
  }

  /** Of a page whose backups never change. */
  serializePage({ backups, ...rest }: BackupPage): Buffer {
    const others = this.serialize(rest);
    const list = backups.map((backup) => this.serializeOnce(backup)).join(',');
    // As bytes: their number is needed before they are sent.
    return Buffer.from(others === '{}' ? `{"backups":[${list}]}` : `{"backups":[${list}],${others.slice(1)}`);
  }
}
