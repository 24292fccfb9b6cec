import { describe, expect, it } from 'vitest';
import { AnswerSerializer } from '../../../../src/service/v2/http/serialize-answer.js';
import type { Backup, BackupPage } from '../../../../src/service/v2/schema/backup.js';

function backup(id: string): Backup {
  return {
    ...{ id, storage: 's1', path: id, state: 'COMPLETED', 'captures-deletes': false, created: 'then', updated: 'then' },
    ...{ namespaces: ['ä "quoted"'], bytes: 1, files: 1, held: false, href: `/v2/backups/s1/${id}` },
  };
}

describe('the text of an answer', () => {
  const page: BackupPage = { backups: [backup('a'), backup('b')], next: 'c', total: 7 };

  for (const prefix of ['', '/abs']) {
    it(`of a page with the context path "${prefix}", says the same as that of any document`, () => {
      const serializer = new AnswerSerializer(prefix);
      for (const each of [page, page, { backups: [], total: 0 }]) {
        const text = serializer.serializePage(each).toString();
        expect(JSON.parse(text)).toEqual(JSON.parse(serializer.serialize(each)));
      }
      expect(serializer.serializePage(page).toString()).toContain(`"href":"${prefix}/v2/backups/s1/a"`);
    });
  }

  it('of a document that is kept, is made once', () => {
    const serializer = new AnswerSerializer('');
    let made = 0;
    const document = { toJSON: () => ({ made: ++made }) };
    const bytes = serializer.encodeOnce(document);
    expect(bytes.toString()).toBe('{"made":1}');
    expect(serializer.encodeOnce(document)).toBe(bytes);
    expect(serializer.encodeOnce({ ...document }).toString()).toBe('{"made":2}');
  });
});
