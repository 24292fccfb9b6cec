/** Whether, and when, what has failed is tried again. */
import { isScanRetryable } from '../../aerospike/protocol/result-code.js';
import type { ResolvedPolicy } from '../document/defaults.js';
import { ServiceError } from '../errors.js';
import { sleep, type Clock } from '../schedule/clock.js';
import { limitTime } from '../schedule/time-limit.js';

export interface AttemptLimits {
  /** The wait after the first failure. */
  baseTimeoutMs: number;
  /** Of the wait, after each further failure. */
  multiplier: number;
  /** Attempts after the first one. */
  maxRetries: number;
}

/** Beginnings of the codes of errors that another attempt ends in again. */
const PERMANENT = [
  'INTERNAL',
  'OPTION_',
  'SERVICE_',
  'SECRET_',
  'KEY_',
  'LOGIN_',
  'NET_TLS',
  'NET_PROTOCOL',
  'CLUSTER_VERSION',
  'CLUSTER_NAMESPACE',
  'NODE_LIST',
  'STATE_',
  'IO_EACCES',
  'IO_EPERM',
  'IO_EROFS',
  'IO_ENOTDIR',
];

/** Ends of the codes of object stores, after the name of the store. */
const PERMANENT_OF_STORES = /_(?:DENIED|NO_BUCKET|CREDENTIALS|NO_CREDENTIALS|WRONG_SECRET|REGION|UNSUPPORTED)$/;

/** The wait after the attempt `attempt`, which has failed (from 1 on); undefined = it was the last one. */
export function nextAttemptDelayMs(attempt: number, limits: AttemptLimits): number | undefined {
  if (attempt > limits.maxRetries) return undefined;
  return Math.round(limits.baseTimeoutMs * limits.multiplier ** (attempt - 1));
}

/** An error without a code is a fault of this program, which is not repeated either. */
export function isPermanent(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return true;
  const { code } = error;
  const result = /^SERVER_(\d+)$/.exec(code)?.[1];
  if (result !== undefined) return !isScanRetryable(Number(result));
  return PERMANENT.some((start) => code.startsWith(start)) || PERMANENT_OF_STORES.test(code);
}

/** So long each attempt may take of what precedes a run: storages and clusters give up earlier by themselves. */
const PREPARATION_MS = 10 * 60_000;

/** An attempt at what precedes a run. It ends in any case: nothing may hold the place of a run for ever. */
export function limitPreparation<T>(
  { clock, signal }: Pick<RetryOptions, 'clock' | 'signal'>,
  work: Promise<T>,
): Promise<T> {
  const text = `nobody has answered within ${PREPARATION_MS / 60_000} minutes`;
  const createError = (): Error => new ServiceError('SERVICE_FAILED', text);
  return limitTime({ clock, limitMs: PREPARATION_MS, signal, createError }, work);
}

export interface RetryOptions {
  clock: Clock;
  limits: AttemptLimits;
  signal: AbortSignal;
  /** Called before each wait. */
  onRetry: (error: unknown, waitMs: number) => void;
}

/** Attempts until one succeeds or nothing more is to be tried. Rejects with the last error or the signal's reason. */
export async function retryAttempts<T>(
  { clock, limits, signal, onRetry }: RetryOptions,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      signal.throwIfAborted();
      const waitMs = isPermanent(error) ? undefined : nextAttemptDelayMs(attempt, limits);
      if (waitMs === undefined) throw error;
      onRetry(error, waitMs);
      await sleep(clock, waitMs, signal);
    }
  }
}

export function toAttemptLimits(policy: ResolvedPolicy): AttemptLimits {
  const retry = policy['retry-policy'];
  return { baseTimeoutMs: retry['base-timeout'], multiplier: retry.multiplier, maxRetries: retry['max-retries'] };
}
