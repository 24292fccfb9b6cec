/** What somebody may do. Each scope includes those before it. */
export const SCOPES = ['read', 'backup', 'restore', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export function includesScope(held: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(held) >= SCOPES.indexOf(needed);
}
