import { resolve } from 'node:path';
import { type HostList, parseHosts, parseNodes } from '../values/hosts.js';
import { parseNames, parseSets } from '../values/lists.js';
import type { ValueRule } from '../values/parse-value.js';

/** A text of one or two characters is no secret, and without it every line would be unreadable. */
const MIN_LENGTH = 3;
/**
 * Of a text this long, any part of PART_LENGTH characters is removed as well: messages and logs quote or cut long
 * texts.
 */
const LONG_TEXT = 48;
const PART_LENGTH = 24;
/** BEGIN and END lines are the same in all PEM texts. */
const PEM_MARK = '-----';
const MIN_NAME_LENGTH = 8;

/**
 * Removes secrets from what is printed, whatever prints it: the name of a namespace or a directory may be kept in the
 * secret agent, and a log line or the message of a library would show it. Numbers, flags and choices stay: they are no
 * secrets, and "4" would be found everywhere. Secrets are compared as texts of any size, never compiled into a
 * pattern.
 */
export class Redactor {
  /** What must not be shown, by its first characters, and what is shown in its place; the longest first. */
  private readonly secrets = new Map<string, Secret[]>();
  /** The parts of long texts, and what is shown in their place. */
  private readonly parts = new Map<string, string>();

  /** `text` is what `reference` stands for, given to an option with this rule. */
  add(reference: string, text: string, rule: ValueRule): void {
    for (const part of secretParts(rule, text)) {
      for (const form of [part, JSON.stringify(part).slice(1, -1)]) this.addText(form, `<${reference}>`);
    }
  }

  clean(line: string): string {
    if (this.secrets.size === 0) return line;
    let shown = '';
    let copied = 0;
    for (let at = 0; at + MIN_LENGTH <= line.length;) {
      const found = this.findAt(line, at);
      if (found === undefined) {
        at++;
        continue;
      }
      shown += line.slice(copied, at) + found.replacement;
      at += found.length;
      copied = at;
    }
    return shown + line.slice(copied);
  }

  private addText(text: string, replacement: string): void {
    if (text.length < MIN_LENGTH) return;
    const key = text.slice(0, MIN_LENGTH);
    const others = (this.secrets.get(key) ?? []).filter((other) => other.text !== text);
    // The longest first, so that nothing of it is left when it contains another one.
    const all = [...others, { text, replacement }].sort((a, b) => b.text.length - a.text.length);
    this.secrets.set(key, all);
    if (text.length < LONG_TEXT || text.includes(PEM_MARK)) return;
    for (let at = 0; at + PART_LENGTH <= text.length; at++) {
      this.parts.set(text.slice(at, at + PART_LENGTH), replacement);
    }
  }

  private findAt(line: string, at: number): { replacement: string; length: number } | undefined {
    const candidates = this.secrets.get(line.slice(at, at + MIN_LENGTH)) ?? [];
    const whole = candidates.find(({ text }) => line.startsWith(text, at));
    const length = whole?.text.length ?? 0;
    const replacement = this.parts.get(line.slice(at, at + PART_LENGTH));
    if (replacement === undefined) return whole && { replacement: whole.replacement, length };
    let end = at + 1;
    while (this.parts.has(line.slice(end, end + PART_LENGTH))) end++;
    // The directory above a long path may be shorter than what is shown of the path.
    return { replacement, length: Math.max(length, end - 1 + PART_LENGTH - at) };
  }
}

interface Secret {
  text: string;
  replacement: string;
}

/** The text and the pieces in which it may turn up. */
function secretParts(rule: ValueRule, text: string): string[] {
  const whole = text.trim();
  switch (rule.type) {
    case 'flag':
    case 'integer':
    case 'choice':
    case 'time':
    case 'moment':
    case 'racks':
    case 'throttle':
    case 'mode':
      return [];
    case 'pem':
      return [whole, ...pemLines(whole)];
    case 'path':
    case 'input':
      return [text, whole, ...pathParts(whole)];
    case 'hosts':
      return [text, whole, ...orNone(() => hostParts(parseHosts(whole)))];
    case 'nodes':
      return [text, whole, ...orNone(() => hostParts(parseNodes(whole)))];
    case 'sets':
      return [text, whole, ...orNone(() => parseSets(whole))];
    case 'directories':
      return [text, whole, ...whole.split(',').flatMap((directory) => [directory, ...pathParts(directory)])];
    case 'names':
    case 'namespaces':
    case 'namespace-sets':
    case 'renames':
    case 'set-renames':
      return [text, whole, ...orNone(() => parseNames(whole, Infinity))];
    case 'partitions':
    case 'digest':
    case 'base64':
    case 'text':
    case 'password':
      return [text, whole, ...splitLines(whole)];
  }
}

/** Any line of a key may be quoted in an error, also the last, which can be short. */
function pemLines(pem: string): string[] {
  return splitLines(pem).filter((line) => !line.startsWith(PEM_MARK));
}

function splitLines(text: string): string[] {
  return text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

/** Messages name the directories above a path, a file or object by its last name, and a bucket without its scheme. */
function pathParts(path: string): string[] {
  const bare = withoutSlashes(path);
  const scheme = bare.indexOf('://');
  if (scheme >= 0) {
    const inStore = bare.slice(scheme + 3);
    const bucketEnd = inStore.indexOf('/');
    const bucket = bucketEnd < 0 ? inStore : inStore.slice(0, bucketEnd);
    const key = inStore.slice(bucket.length + 1);
    return [bare, inStore, bucket, ...directoriesAbove(inStore), key, ...directoriesAbove(key), ...longName(key)];
  }
  const absolute = resolve(path);
  // Directories above the working directory are not from the secret.
  const above = directoriesAbove(absolute).filter((directory) => !`${process.cwd()}/`.startsWith(`${directory}/`));
  return [bare, absolute, ...directoriesAbove(bare), ...above, ...longName(bare)];
}

/** Of a long path only short ones: any longer part of it is removed anyway. */
function directoriesAbove(path: string): string[] {
  const maxLength = path.length < LONG_TEXT ? path.length : PART_LENGTH;
  const found: string[] = [];
  for (let end = path.indexOf('/', 1); end > 0 && end < maxLength; end = path.indexOf('/', end + 1)) {
    found.push(path.slice(0, end));
  }
  return found;
}

/** Without a short name, which can be any word, lines would be unreadable. */
function longName(path: string): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.length >= MIN_NAME_LENGTH ? [name] : [];
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  return path.slice(0, end);
}

function hostParts({ entries }: HostList): string[] {
  return entries.flatMap(({ host, tlsName }) => (tlsName === undefined ? [host] : [host, tlsName]));
}

/** A text that is not what the option accepts has no pieces. */
function orNone(parts: () => string[]): string[] {
  try {
    return parts();
  } catch {
    return [];
  }
}
