/** Work that meets the end of its login (wire.md 3.4). */
import { LoginError } from '../errors.js';

/** How often work is begun: twice is the rule, but a token may end at any time. */
const MAX_ATTEMPTS = 4;

/** The login of the connection has ended; the same work may do better on a new one. */
export class SessionEnded extends LoginError {
  constructor(where: string, resultCode: number) {
    super('LOGIN_ENDED', `${where} ended the login of every connection as soon as it was used.`, resultCode);
  }
}

/** Does `work` again when it throws SessionEnded; it must take a new connection each time. */
export async function withReauth<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SessionEnded) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
