import type { BackupPolicy, EncryptionPolicy } from '../schema/backup-policy.js';
import { parseDuration } from '../../schedule/duration.js';
import { joinPath } from '../json-schema.js';
import { checkCleanPath, isGiven, joinWords } from './common-rules.js';

/** What the schema of a policy cannot say. */
export function checkPolicy(policy: BackupPolicy, where: string): string[] {
  const { full, incremental, 'max-age': maxAge } = policy.retention ?? {};
  const problems = checkEncryption(policy.encryption, joinPath(where, 'encryption'));
  if (full !== undefined && incremental !== undefined && incremental > full) {
    problems.push(
      `${joinPath(joinPath(where, 'retention'), 'incremental')}: expected at most ${full}, that of full, got ${incremental}`,
    );
  }
  if (maxAge !== undefined && parseDuration(maxAge) === undefined) {
    const place = joinPath(joinPath(where, 'retention'), 'max-age');
    problems.push(
      `${place}: expected a time of a minute to ten years such as 12h or 30d, got ${JSON.stringify(maxAge)}`,
    );
  }
  return problems;
}

const KEYS = ['key-file', 'key-env', 'key-secret'] as const;

/** Of policies of backups and of restores. */
export function checkEncryption(encryption: EncryptionPolicy | undefined, where: string): string[] {
  if (encryption === undefined) return [];
  const given = KEYS.filter((key) => isGiven(encryption, key));
  const problems = checkCleanPath(encryption['key-file'], joinPath(where, 'key-file'));
  if (encryption.mode !== 'NONE' && given.length !== 1) {
    const found = given.length === 0 ? 'none' : joinWords(given);
    problems.push(`${where}: ${encryption.mode} needs exactly one of ${KEYS.join(', ')}, got ${found}`);
  }
  return problems;
}
