/**
 * Control characters, which reach a terminal as commands (C0, DEL, C1), and characters that change the direction of the
 * text or end a line.
 */
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A name must not be able to look like a log line of its own, nor an escape sequence reach a terminal. */
export function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** The same value: JSON writes C0 as escapes by itself. */
export function escapeUnsafeInJson(json: string): string {
  return json.replace(UNSAFE, toJsonEscape);
}

/** For text of several lines, JSON or not: names of files, namespaces and manifests may hold anything. */
export function escapeUnsafeInLines(text: string): string {
  return text.replace(UNSAFE, (c) => (c === '\n' ? c : toJsonEscape(c)));
}

function toJsonEscape(c: string): string {
  return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
