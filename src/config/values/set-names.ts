/** Names of sets together with their namespace, and new names for sets and namespaces. */
import { MAX_NAMESPACE_BYTES } from '../../asb/format.js';
import { checkLength, MAX_SET_BYTES, parseQuotableNames } from './lists.js';
import { ValueError } from './value-error.js';

/** `ns.set`; without `set`, the whole namespace. The empty set is that of records without one. */
export interface NamespaceSet {
  namespace: string;
  set?: string;
}

export interface Rename {
  from: string;
  to: string;
}

/** In one namespace. An empty name is that of records without a set. */
export interface SetRename extends Rename {
  namespace: string;
}

const MAX_ITEM_BYTES = 2 * (MAX_NAMESPACE_BYTES + 1 + MAX_SET_BYTES);

/** `ns.set` or `ns`, separated by commas; an item in quotes may hold commas. */
export function parseNamespaceSets(text: string): NamespaceSet[] {
  return parseQuotableNames(text, MAX_ITEM_BYTES).map(parseNamespaceSet);
}

/** The first point ends the namespace: names of sets may hold points. */
export function parseNamespaceSet(text: string): NamespaceSet {
  const point = text.indexOf('.');
  const namespace = point < 0 ? text : text.slice(0, point);
  checkNamespace(namespace, text);
  if (point < 0) return { namespace };
  const set = text.slice(point + 1);
  checkLength(set, MAX_SET_BYTES);
  return { namespace, set };
}

/** `old=new`, separated by commas. */
export function parseRenames(text: string): Rename[] {
  return checkRenames(parseQuotableNames(text, MAX_ITEM_BYTES).map(parseRename));
}

/** Throws a ValueError if a name is missing, or stands there twice. */
export function checkRenames(renames: readonly Rename[]): Rename[] {
  for (const { from, to } of renames) for (const name of [from, to]) checkNamespace(name, `${from}=${to}`);
  refuseRepeated(renames.map(({ from }) => from));
  // Records of two namespaces in one could not be told from each other.
  refuseRepeated(renames.map(({ to }) => to));
  return [...renames];
}

/** `ns.old=new`, separated by commas; an item in quotes may hold commas. */
export function parseSetRenames(text: string): SetRename[] {
  return checkSetRenames(parseQuotableNames(text, MAX_ITEM_BYTES).map(parseRename));
}

export function checkSetRenames(renames: readonly Rename[]): SetRename[] {
  const parsed = renames.map(({ from, to }) => {
    const { namespace, set } = parseNamespaceSet(from);
    if (set === undefined) throw new ValueError(`"${from}" names no set: expected namespace.set=newset`);
    checkLength(to, MAX_SET_BYTES);
    return { namespace, from: set, to };
  });
  refuseRepeated(renames.map(({ from }) => from));
  return parsed;
}

function parseRename(text: string): Rename {
  const sign = text.indexOf('=');
  if (sign < 0) throw new ValueError(`"${text}" has no "=" between the old and the new name`);
  return { from: text.slice(0, sign), to: text.slice(sign + 1) };
}

function checkNamespace(name: string, text: string): void {
  if (name === '') throw new ValueError(`"${text}" lacks the name of a namespace`);
  checkLength(name, MAX_NAMESPACE_BYTES);
}

function refuseRepeated(names: readonly string[]): void {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw new ValueError(`"${repeated}" stands there twice`);
}
