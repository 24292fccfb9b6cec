/** Which hosts are this machine. */
import { isIP } from 'node:net';

/** A name or an address; that of a URL may have brackets. What is sent there leaves no machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}
