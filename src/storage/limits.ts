import { Semaphore } from '../core/semaphore.js';

/**
 * How many parts are uploaded and how many ranges downloaded at a time. One object can be given to several runs, which
 * then share the limits.
 */
export class TransferLimits {
  readonly uploads: Semaphore;
  readonly downloads: Semaphore;
  private threads = 0;

  constructor(maxUploads: number, maxDownloads: number) {
    this.uploads = new Semaphore(() => concurrentUploads(maxUploads, this.threads));
    this.downloads = new Semaphore(() => maxDownloads);
  }

  /** A further worker thread uploads through these limits; returns what to call when it has ended. */
  addThread(): () => void {
    this.threads++;
    let ended = false;
    return () => {
      if (!ended) this.threads--;
      ended = true;
    };
  }
}

/**
 * How many parts may be under way. Every thread fills its next two parts meanwhile: so that the memory of all parts
 * stays within the limit, those count too, up to half of it.
 */
export function concurrentUploads(limit: number, threads: number): number {
  return Math.max(Math.ceil(limit / 2), limit - 2 * threads);
}
