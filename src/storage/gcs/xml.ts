/** The few XML documents of the multipart uploads. */

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The contents of every element of that name, without those inside of it taken apart. Time is linear in the length. */
export function readElements(xml: string, name: string): string[] {
  const start = new RegExp(`<${name}(?:\\s[^<>]*)?>`, 'g');
  const end = `</${name}>`;
  const found: string[] = [];
  for (let match = start.exec(xml); match !== null; match = start.exec(xml)) {
    const close = xml.indexOf(end, start.lastIndex);
    if (close < 0) break;
    found.push(xml.slice(start.lastIndex, close));
    start.lastIndex = close + end.length;
  }
  return found;
}

/** The text of the first element of that name; undefined if there is none. */
export function readText(xml: string, name: string): string | undefined {
  const raw = readElements(xml, name)[0];
  return raw?.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, entity = '') => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[String(entity)] ?? whole;
  });
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
