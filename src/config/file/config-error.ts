import { SettingsError } from '../option-error.js';

/**
 * A configuration file cannot be used as it is written. Codes: CONFIG_FILE (missing or unreadable), CONFIG_SYNTAX (not
 * TOML), CONFIG_SECTION, CONFIG_KEY (unknown), CONFIG_TYPE (a string where a number belongs), CONFIG_VALUE,
 * CONFIG_INCLUDE and CONFIG_INSTANCE. Sentences begin with FILE:LINE where there is one, and never hold a value of a
 * key that may be secret.
 */
export class ConfigError extends SettingsError {}
