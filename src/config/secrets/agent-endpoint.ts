import { isIP } from 'node:net';
import { quoted } from '../option-error.js';
import { mentions, type OptionMention, optionText } from '../option-text.js';
import { secretAgentOptions } from '../schema/general.js';
import { parseInteger } from '../values/number.js';
import { SecretError } from './secret-error.js';

const option = mentions(secretAgentOptions);

/** Where the agent listens. */
export type AgentAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** A path in place of a host, as newer tools have it. */
  | { readonly kind: 'unix'; readonly path: string };

/**
 * `HOST`, `HOST:PORT`, an IPv6 address bare or in brackets, with or without `:PORT`, or the path of a Unix socket,
 * which begins with a slash. A port given on the command line wins over the one in the address, a port from a file
 * does not (asbackup.md 4.2, whose faults are repaired here).
 */
export function agentAddress(address: string, port: { text: string; wins: boolean }): AgentAddress {
  if (address.startsWith('/')) {
    if (address.includes('\0')) throw invalid(address, 'the path contains a NUL byte');
    if (port.wins) {
      const text = optionText`${option('sa-port')} has no effect with a Unix socket; omit it`;
      throw new SecretError('SECRET_CONFIG', text, { option: option('sa-port') });
    }
    return { kind: 'unix', path: address };
  }
  const { host, port: own } = split(address);
  if (host === '' || /[\s/\0]/.test(host)) throw invalid(address, 'expected HOST, HOST:PORT or the path of a socket');
  const inAddress = own === undefined ? undefined : portNumber(own, option('sa-address'), address);
  if (inAddress !== undefined && !port.wins) return { kind: 'tcp', host, port: inAddress };
  return { kind: 'tcp', host, port: portNumber(port.text, option('sa-port'), port.text) };
}

/** For messages: an IPv6 address gets its brackets back. */
export function addressText(address: AgentAddress): string {
  if (address.kind === 'unix') return address.path;
  return `${isIP(address.host) === 6 ? `[${address.host}]` : address.host}:${address.port}`;
}

function split(address: string): { host: string; port?: string } {
  if (address.startsWith('[')) {
    const match = /^\[([^\]]*)\](?::(.*))?$/s.exec(address);
    const host = match?.[1] ?? '';
    if (isIP(host) !== 6) throw invalid(address, 'expected an IPv6 address in the brackets');
    return { host, ...(match?.[2] === undefined ? {} : { port: match[2] }) };
  }
  if (isIP(address) === 6) return { host: address };
  const colon = address.indexOf(':');
  if (colon < 0) return { host: address };
  if (address.includes(':', colon + 1)) throw invalid(address, 'an IPv6 address with a port must be in brackets');
  return { host: address.slice(0, colon), port: address.slice(colon + 1) };
}

function portNumber(text: string, mention: OptionMention, value: string): number {
  try {
    return parseInteger(text, 1, 65535);
  } catch {
    throw invalid(value, 'the port must be a whole number from 1 to 65535', mention);
  }
}

function invalid(value: string, reason: string, mention = option('sa-address')): SecretError {
  const text = optionText`Invalid value ${quoted(value)} for ${mention}: ${reason}`;
  return new SecretError('SECRET_CONFIG', text, { option: mention });
}
