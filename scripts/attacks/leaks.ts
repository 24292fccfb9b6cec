/** Planted secrets, and the search for them in everything that a run has left. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EndedRun, Run } from '../crash-test/tool-run.js';
import type { Random } from '../fuzz/random.js';

/** Characters that patterns, quotes, JSON and shells treat in special ways are among them. */
const CHARACTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.*+?^${}()|[]\\/"\'`<>&%#@!~=,;:-_ ';
/** No part of a secret this long may be seen. Random texts do not have so many characters in common by chance. */
const PART_LENGTH = 12;

export function makeSecret(random: Random, length: number): string {
  let text = 'S';
  while (text.length < length - 1) text += CHARACTERS[random.below(CHARACTERS.length)]!;
  return `${text}s`;
}

/** Places where a secret or a part of it can be read. `texts` are the outputs by their names. */
export function findLeaks(secrets: readonly string[], texts: Readonly<Record<string, string>>): string[] {
  const found: string[] = [];
  for (const [place, text] of Object.entries(texts)) {
    const parts = new Set<string>();
    for (let at = 0; at + PART_LENGTH <= text.length; at++) parts.add(text.slice(at, at + PART_LENGTH));
    for (const secret of secrets) {
      const leak = listForms(secret).find((form) => containsPart(form, text, parts));
      if (leak !== undefined) found.push(`a secret of ${secret.length} characters is in ${place}`);
    }
  }
  return found;
}

function containsPart(form: string, text: string, parts: ReadonlySet<string>): boolean {
  if (form.length <= PART_LENGTH) return text.includes(form);
  for (let at = 0; at + PART_LENGTH <= form.length; at++) {
    if (parts.has(form.slice(at, at + PART_LENGTH))) return true;
  }
  return false;
}

/** A secret as it is, and as programs write texts. */
function listForms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString('base64'),
    bytes.toString('hex'),
  ];
}

/** What other users of the machine see of a process; empty where there is no /proc. */
export function readProcessTitle({ child }: Run): string {
  const path = `/proc/${child.pid ?? 0}/cmdline`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The outputs of a run and every file of a folder, except for those that are named. */
export function collectTexts(run: EndedRun, folder: string, except: readonly string[]): Record<string, string> {
  const texts: Record<string, string> = { 'the log': run.log, 'standard output': run.output };
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (lstatSync(path).isFile() && !except.includes(name)) texts[name] = readFileSync(path, 'latin1');
  }
  return texts;
}
