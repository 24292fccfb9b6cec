/** `orders = orders2, users.premium = users.vip` → new names by old ones. Throws an Error that says what is wrong. */
export function parseRename(text: string): Record<string, string> {
  const names: Record<string, string> = {};
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const [from, to, ...more] = part.split('=').map((name) => name.trim());
    if (from === undefined || from === '' || to === undefined || to === '' || more.length > 0) {
      throw new Error(`“${part.trim()}” is not of the form old = new`);
    }
    if (Object.hasOwn(names, from)) throw new Error(`${from} has two new names`);
    names[from] = to;
  }
  return names;
}
