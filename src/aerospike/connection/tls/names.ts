/** Which names a certificate is good for, by the rules of the C client (wire.md 4). */

/**
 * The DNS names of a subject alternative name as Node.js writes it: `DNS:a.b, IP Address:10.0.0.1, DNS:"odd, \"name"`.
 * None if the text cannot be read to its end: a name hidden in another entry must not count.
 */
export function dnsNames(subjectAltName: string): string[] {
  const names: string[] = [];
  const entry = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;
  while (entry.lastIndex < subjectAltName.length) {
    const match = entry.exec(subjectAltName);
    if (match === null) return [];
    const [, kind, value = ''] = match;
    if (kind === 'DNS') names.push(value.startsWith('"') ? (JSON.parse(value) as string) : value);
  }
  return names;
}

/** Equal but for case, or a pattern `*.rest` that stands for exactly one label in front of `rest`. */
export function nameMatches(pattern: string, tlsName: string): boolean {
  const expected = tlsName.toLowerCase();
  const offered = pattern.toLowerCase();
  if (offered === expected) return true;
  if (!offered.startsWith('*.')) return false;
  const dot = expected.indexOf('.');
  return dot > 0 && offered.length > 2 && expected.slice(dot) === offered.slice(1);
}
