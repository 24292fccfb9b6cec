import { type EncryptionKey, fingerprint, keyFromEnvironment, keyFromPem, readKeyFile } from '../codecs/key.js';
import type { CodecConfig } from '../codecs/codecs.js';
import { COMPRESSION_IDS } from '../codecs/ids.js';
import { logEvent, warningEvent } from '../core/log.js';
import { isReadableByEverybody } from './exposed-file.js';
import type { RunDependencies } from './run-dependencies.js';
import type { PemSource } from './values/parse-value.js';

/** The values of both tools that say how files are stored. */
interface CodecValues {
  compress: string | undefined;
  /** For writing. */
  level?: number;
  encrypt: string | undefined;
  keyFile: PemSource | undefined;
  /** The environment variable that holds the key. */
  keyVariable: string | undefined;
}

/** Reads the key, so that a wrong one is found before anything is changed. Throws CodecError. */
export function toCodecConfig(values: CodecValues, { log, env = process.env }: RunDependencies): CodecConfig {
  const { compress, level = 0, encrypt: mode } = values;
  const codec = COMPRESSION_IDS.find((id) => id === compress);
  const compression = codec === undefined ? {} : { compression: { codec, level } };
  if (mode !== 'aes128' && mode !== 'aes256') return compression;
  const key = readKey(values, env);
  const print = fingerprint(key, mode);
  const text = `Encryption: ${mode} with ${key.description}, fingerprint ${print}`;
  const { keyFile } = values;
  if (keyFile !== undefined && 'path' in keyFile && isReadableByEverybody(keyFile.path)) {
    const warning = `the permissions of the encryption key file ${keyFile.path} let every user read it; mode 600 protects it`;
    log.info(warningEvent('pipeline.key-exposed', warning, { path: keyFile.path }));
  }
  log.verbose(logEvent('pipeline.key', text, { mode, fingerprint: print }));
  return { ...compression, encryption: { mode, key } };
}

/**
 * The key alone, for backups whose manifests say how they are encrypted; undefined = none was given. Throws CodecError.
 */
export function toKey(
  values: Pick<CodecValues, 'keyFile' | 'keyVariable'>,
  { env = process.env }: RunDependencies,
): EncryptionKey | undefined {
  const { keyFile, keyVariable } = values;
  return keyFile === undefined && keyVariable === undefined ? undefined : readKey({ ...values }, env);
}

/** The constraints of both tools require one of the two sources. */
function readKey(
  { keyFile, keyVariable = '' }: Pick<CodecValues, 'keyFile' | 'keyVariable'>,
  env: NodeJS.ProcessEnv,
): EncryptionKey {
  if (keyFile === undefined) return keyFromEnvironment(env[keyVariable], keyVariable);
  return 'path' in keyFile ? readKeyFile(keyFile.path) : keyFromPem(keyFile.content, 'the secret');
}
