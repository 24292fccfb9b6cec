/** The hash by which the server stores passwords. */
import type { AuthOptions } from '../config.js';

/** Cost and salt are the same for every user of every cluster (wire.md 3.2). */
const SALT = '$2a$10$7EqJtq98hPqEX7fNZaFWoO';

/** bcrypt of the password, as the server stores and expects it. bcryptjs is loaded by the first call only. */
export async function hashPassword(password: string): Promise<string> {
  const { default: bcrypt } = await import('bcryptjs');
  return bcrypt.hash(password, SALT);
}

/** The login of a user with a password. The password itself is kept only where the server needs it. */
export async function createAuthOptions(
  mode: Exclude<AuthOptions['mode'], 'PKI'>,
  user: string,
  password: string,
): Promise<AuthOptions> {
  const credential = await hashPassword(password);
  return mode === 'INTERNAL' ? { mode, user, credential } : { mode, user, credential, password };
}
