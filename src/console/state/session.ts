/** Who uses the page, and what they may do. */
import { computed, signal } from '@preact/signals';
import { ApiError, readToken, storeToken } from '../api/client.js';
import type { Session } from '../../service/v2/schema/session.js';
import { readSession } from '../api/operations.js';
import { startFollowing, stopFollowing } from './connection.js';

export const session = signal<
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'signed-out'; readonly message?: string }
  | { readonly kind: 'ready'; readonly session: Session }
>({ kind: 'loading' });

export type Scope = 'read' | 'backup' | 'restore' | 'admin';

const scopes = computed(() => (session.value.kind === 'ready' ? session.value.session.scopes : []));

/** `admin` may everything. Buttons of what is not allowed are disabled; the service decides. */
export function allows(scope: Scope): boolean {
  return scopes.value.includes('admin') || scopes.value.includes(scope);
}

/** Why a button is disabled. */
export function explainScope(scope: Scope): string | undefined {
  return allows(scope) ? undefined : `Needs the scope ${scope}`;
}

/** Asks the service who this is; the answer says whether a token is needed. */
export async function openSession(): Promise<void> {
  try {
    const answer = await readSession();
    session.value = { kind: 'ready', session: answer };
    startFollowing(signOut);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      const hadToken = readToken() !== undefined;
      storeToken(undefined);
      session.value = hadToken ? { kind: 'signed-out', message: error.message } : { kind: 'signed-out' };
      return;
    }
    session.value = { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Throws ApiError if the service does not know the token. */
export async function signIn(token: string): Promise<void> {
  storeToken(token);
  try {
    session.value = { kind: 'ready', session: await readSession() };
    startFollowing(signOut);
  } catch (error) {
    storeToken(undefined);
    throw error;
  }
}

export function signOut(): void {
  stopFollowing();
  const hadToken = readToken() !== undefined;
  storeToken(undefined);
  session.value = hadToken
    ? { kind: 'signed-out', message: 'You have signed out, or the token is no longer valid.' }
    : { kind: 'signed-out' };
}
