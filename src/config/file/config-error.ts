import { ToolError } from '../../core/errors.js';

/**
 * A configuration file cannot be used as it is written. Codes: CONFIG_FILE (missing or unreadable), CONFIG_SYNTAX (not
 * TOML), CONFIG_SECTION, CONFIG_KEY (unknown), CONFIG_TYPE (a string where a number belongs), CONFIG_VALUE,
 * CONFIG_INCLUDE and CONFIG_INSTANCE. Sentences begin with FILE:LINE where there is one, and never hold a value of a
 * key that may be secret.
 */
export class ConfigError extends ToolError {}

/** Why a file cannot be opened, for people. */
export function unreadableReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'ENOTDIR':
      return 'a part of its path is not a directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    case 'ELOOP':
      return 'its symbolic links lead in a circle';
    default:
      return code ?? (error instanceof Error ? error.message : String(error));
  }
}
