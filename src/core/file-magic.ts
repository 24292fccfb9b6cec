/** The first bytes of the file formats that a backup is stored in, or is mistaken for. */

export interface FileMagic {
  readonly id: string;
  readonly bytes: Buffer;
  /** What such a file is, as the end of a sentence that begins with "the file". */
  readonly description: string;
}

const MAGICS = [
  ['zstd', '28b52ffd', 'it is compressed with zstd'],
  ['gzip', '1f8b', 'it is compressed with gzip, which has to be undone first'],
  ['bzip2', '425a68', 'it is compressed with bzip2, which has to be undone first'],
  ['xz', 'fd377a585a00', 'it is compressed with xz, which has to be undone first'],
  ['lz4', '04224d18', 'it is compressed with lz4, which has to be undone first'],
  ['zip', '504b0304', 'it is a ZIP archive'],
  ['utf8-bom', 'efbbbf', 'it begins with a byte order mark, so that something has rewritten it as text'],
  ['utf16-le', 'fffe', 'it is UTF-16 text, so that something has rewritten it'],
  ['utf16-be', 'feff', 'it is UTF-16 text, so that something has rewritten it'],
] as const;

export type FileMagicId = (typeof MAGICS)[number][0];

const TABLE: readonly FileMagic[] = MAGICS.map(([id, hex, description]) => ({
  id,
  bytes: Buffer.from(hex, 'hex'),
  description,
}));

/** The entry of the table. */
export function getFileMagic(id: FileMagicId): FileMagic {
  return TABLE.find((magic) => magic.id === id)!;
}

/** The format whose magic number `head` begins with; undefined = none of them, or `head` is too short. */
export function findFileMagic(head: Uint8Array): FileMagic | undefined {
  return TABLE.find(({ bytes }) => bytes.every((byte, i) => head[i] === byte));
}
