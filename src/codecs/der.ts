/** As much of DER as it takes to exchange a field of a key. */

export interface DerField {
  tag: number;
  /** Where it begins. */
  at: number;
  content: Buffer;
  /** Where the next one begins. */
  end: number;
}

/** The field at `at` of bytes that OpenSSL wrote. */
export function derContent(bytes: Buffer, at: number): DerField {
  const short = bytes[at + 1]!;
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
  const start = at + 2 + lengthBytes;
  const length = lengthBytes === 0 ? short : bytes.readUIntBE(at + 2, lengthBytes);
  return { tag: bytes[at]!, at, content: bytes.subarray(start, start + length), end: start + length };
}

/** The last of the fields that `content` consists of. */
export function lastField(content: Buffer): DerField {
  let field = derContent(content, 0);
  while (field.end < content.length) field = derContent(content, field.end);
  return field;
}

/** For contents below 64 KiB. */
export function derField(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
