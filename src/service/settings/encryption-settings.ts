import type { EncryptSettings } from '../../api/option-settings.js';
import { readKeyVariable } from '../../config/secrets/key-variable.js';
import type { EncryptionPolicy } from '../document/schema/backup-policy.js';
import type { AgentChoice, SecretResolver } from './secret-resolver.js';

/**
 * The encryption of files; undefined = none. The key is a PEM private key, whichever source it has. Throws ServiceError
 * and SecretError.
 */
export async function toEncryptSettings(
  encryption: EncryptionPolicy | undefined,
  agent: AgentChoice,
  secrets: SecretResolver,
): Promise<EncryptSettings | undefined> {
  if (encryption === undefined || encryption.mode === 'NONE') return undefined;
  const mode = encryption.mode === 'AES128' ? 'aes128' : 'aes256';
  const { 'key-file': file = '', 'key-env': variable = '', 'key-secret': secret } = encryption;
  if (file !== '') return { mode, keyFile: file };
  if (variable !== '') return { mode, keyPem: readKeyVariable(variable) };
  return { mode, keyPem: (await secrets.resolve(secret, agent)) ?? '' };
}
