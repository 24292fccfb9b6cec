import { BlockList, isIP } from 'node:net';

/** IP addresses and networks (`10.0.0.0/8`). One that holds every address of a family holds all clients. */
export class AddressList {
  private readonly list = new BlockList();
  private readonly hasAll: boolean;
  private readonly isEmpty: boolean;

  /** What is no address or network is left out: the validation of the configuration reports it. */
  constructor(entries: readonly string[]) {
    this.hasAll = entries.some((entry) => entry === '0.0.0.0/0' || entry === '::/0');
    this.isEmpty = entries.length === 0;
    for (const entry of entries) {
      if (!isNetwork(entry)) continue;
      const [address = '', prefix] = entry.split('/');
      const family = isIP(address);
      const bits = prefix === undefined ? (family === 4 ? 32 : 128) : Number(prefix);
      this.list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
    }
  }

  has(address: string): boolean {
    if (this.hasAll) return true;
    if (this.isEmpty) return false;
    const plain = stripMapping(address);
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** Whether a text is an address or a network. */
export function isNetwork(entry: string): boolean {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  return family !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

/** IPv4 addresses that a socket for both families reports: `::ffff:10.0.0.1`. */
export function stripMapping(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** The part of an address that stands for a client: all of IPv4, the /64 network of IPv6. */
export function clientKey(address: string): string {
  const plain = stripMapping(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before.slice(0, 4).join(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
