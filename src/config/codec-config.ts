import { type EncryptionKey, fingerprint, keyFromEnvironment, keyFromPem, readKeyFile } from '../codecs/key.js';
import type { CodecConfig } from '../codecs/codecs.js';
import { type Log, logEvent } from '../core/log.js';
import type { PemSource } from './values/parse-value.js';

/** The values of both tools that say how files are stored. */
interface StorageValues {
  compress: string | undefined;
  /** For writing. */
  level?: number;
  encrypt: string | undefined;
  keyFile: PemSource | undefined;
  keyVariable: string | undefined;
}

/** Reads the key, so that a wrong one is found before anything is touched. Throws PipelineError. */
export function toPipelineOptions(values: StorageValues, log: Log): CodecConfig {
  const { compress, level = 0, encrypt: mode } = values;
  const compression = compress === undefined ? {} : { compression: { level } };
  if (mode !== 'aes128' && mode !== 'aes256') return compression;
  const key = readKey(values);
  const print = fingerprint(key, mode);
  const text = `Encryption: ${mode} with ${key.description}, fingerprint ${print}`;
  log.verbose(logEvent('pipeline.key', text, { mode, fingerprint: print }));
  return { ...compression, encryption: { mode, key } };
}

/** The rules of both tools see to it that there is one. */
function readKey({ keyFile, keyVariable = '' }: StorageValues): EncryptionKey {
  if (keyFile === undefined) return keyFromEnvironment(process.env[keyVariable], keyVariable);
  return 'path' in keyFile ? readKeyFile(keyFile.path) : keyFromPem(keyFile.content, 'the secret');
}
