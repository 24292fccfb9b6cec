import type { Reader } from './run.js';

/** Backups as plain text, short. */
export const TEXTS: readonly Buffer[];
/** `modules`: what they are made of, from the sources or from what was built. */
export function readers(modules: object): Reader[];
