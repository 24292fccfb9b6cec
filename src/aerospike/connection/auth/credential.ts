/** What the server knows a password by. */
import type { AuthOptions } from '../../config.js';

/** wire.md 3.2: cost and salt are the same for every user of every cluster. */
const SALT = '$2a$10$7EqJtq98hPqEX7fNZaFWoO';

/** bcrypt of the password, as the server stores it and wants to see it. bcryptjs is loaded by the first call only. */
export async function hashPassword(password: string): Promise<string> {
  const { default: bcrypt } = await import('bcryptjs');
  return bcrypt.hash(password, SALT);
}

/** The login of a user with a password. */
export async function loginOf(
  mode: Exclude<AuthOptions['mode'], 'PKI'>,
  user: string,
  password: string,
): Promise<AuthOptions> {
  const credential = await hashPassword(password);
  return mode === 'INTERNAL' ? { mode, user, credential } : { mode, user, credential, password };
}
