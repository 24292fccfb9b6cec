/** Conditions that both tools' rules are made of. Each gives the sentence to report, or undefined. */

export function exclusive<T extends string>(v: { has(name: T): boolean }, a: T, b: T): string | undefined {
  return v.has(a) && v.has(b) ? `--${a} and --${b} exclude each other.` : undefined;
}

/** An encryption mode and a key go together. */
export function keyWithoutMode(v: {
  has(name: 'encrypt' | 'encryption-key-file' | 'encryption-key-env'): boolean;
}): string | undefined {
  const key = v.has('encryption-key-file') || v.has('encryption-key-env');
  if (key === v.has('encrypt')) return undefined;
  return key
    ? 'There is an encryption key but no --encrypt to say how to use it.'
    : '--encrypt needs a key: give --encryption-key-file or --encryption-key-env.';
}
