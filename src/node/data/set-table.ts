/** What the server knows of a set. Names are kept as latin1 strings, one character per byte, so any bytes survive. */
export class SetInfo {
  readonly bytes: Buffer;
  objects = 0;
  dataBytes = 0;
  /** Milliseconds since the Unix epoch of the last truncation, 0 = never (wire.md 9.4). */
  truncateLutMs = 0;

  constructor(readonly name: string) {
    this.bytes = Buffer.from(name, 'latin1');
  }
}

/** 8.3: a longer set name is refused. */
export const MAX_SET_NAME_BYTES = 63;

/** The sets of a namespace; once seen, a set stays known. */
export class SetTable {
  readonly byName = new Map<string, SetInfo>();
  private last: SetInfo | undefined;

  /** The set with the name at `buf[start..end)`, made known if it is not. Consecutive rows mostly name the same set. */
  intern(buf: Buffer, start: number, end: number): SetInfo {
    const found = this.find(buf, start, end);
    if (found !== undefined) return found;
    const created = new SetInfo(buf.toString('latin1', start, end));
    this.byName.set(created.name, created);
    this.last = created;
    return created;
  }

  find(buf: Buffer, start: number, end: number): SetInfo | undefined {
    const { last } = this;
    if (last !== undefined && sameBytes(last.bytes, buf, start, end)) return last;
    const found = this.byName.get(buf.toString('latin1', start, end));
    if (found !== undefined) this.last = found;
    return found;
  }

  findByName(name: string): SetInfo {
    let set = this.byName.get(name);
    if (set === undefined) {
      set = new SetInfo(name);
      this.byName.set(name, set);
    }
    return set;
  }
}

export function sameBytes(expected: Buffer, buf: Buffer, start: number, end: number): boolean {
  if (expected.length !== end - start) return false;
  for (let i = 0; i < expected.length; i++) if (expected[i] !== buf[start + i]) return false;
  return true;
}
