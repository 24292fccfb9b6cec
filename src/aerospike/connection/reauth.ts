/** Retries an operation after the session token of its connection has expired (wire.md 3.4). */
import { LoginError } from '../errors.js';

/** Two attempts are the rule, but the next token may expire, too. */
const MAX_ATTEMPTS = 4;

/** The session of the connection has ended; the same operation may succeed on a new connection. */
export class SessionEnded extends LoginError {
  constructor(where: string, resultCode: number) {
    super('LOGIN_ENDED', `${where} rejected every new session immediately`, { resultCode });
  }
}

/** Repeats `operation` when it throws SessionEnded; it must acquire a new connection each time. */
export async function withReauth<T>(operation: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof SessionEnded) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}
