import { type ConnectionSecurity, resolveSecurity } from '../config/auth/connection-security.js';
import { needsSecurity, securityValues } from '../config/auth/security-values.js';
import { OptionError } from '../config/option-error.js';
import { renderText } from '../config/option-text.js';
import type { Log } from '../core/log.js';

/** Login and TLS of the settings. Reads certificates; never prompts for a password. */
export async function readSecurity(
  values: Parameters<typeof securityValues>[0],
  log: Log,
): Promise<ConnectionSecurity> {
  const wanted = securityValues(values);
  if (!needsSecurity(wanted)) return {};
  const ask = (): Promise<string> => {
    throw new OptionError('OPTION_PASSWORD', 'There is no password: give auth.password with auth.user');
  };
  return resolveSecurity(wanted, { ask, env: {}, note: (text) => log.info(renderText(text, 'api')) });
}
