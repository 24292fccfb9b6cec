/** Which backup service is asked, and as whom. */
import { readFileSync } from 'node:fs';
import { errorMessage } from '../../core/errors.js';
import { isLoopbackHost } from '../../core/loopback.js';
import { OptionError } from '../option-error.js';
import { mentions, type OptionText, optionText } from '../option-text.js';
import type { OptionValues } from '../option-values.js';
import { remoteOptions } from '../schema/catalog/remote.js';

/** Structure of `ServiceConnection` in src/service/client. */
export interface ServiceConnectionSettings {
  url: string;
  token?: string;
  ca?: string;
  cert?: string;
  key?: string;
}

type Values = OptionValues<typeof remoteOptions>;

const option = mentions(remoteOptions);

/** Reads the files. Throws OptionError. */
export function toServiceConnection(values: Values): ServiceConnectionSettings {
  const url = values.get('service') ?? '';
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new OptionError('OPTION_VALUE', optionText`${option('service')} is no http or https URL`);
  }
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '') {
    throw new OptionError('OPTION_VALUE', optionText`${option('service')} takes a host, a port and a path alone`);
  }
  const token = readText(values, 'token-file')?.trim();
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new OptionError('OPTION_VALUE', optionText`The file of ${option('token-file')} holds no token`);
  }
  const ca = readText(values, 'tls-cafile');
  const cert = readText(values, 'tls-certfile');
  const key = readText(values, 'tls-keyfile');
  if ((cert === undefined) !== (key === undefined)) {
    const [one, other] = [option('tls-certfile'), option('tls-keyfile')];
    throw new OptionError('OPTION_CONFLICT', optionText`${one} and ${other} are needed together`);
  }
  return {
    url,
    ...(token === undefined ? {} : { token }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** A token that is sent to another machine without TLS can be read, and used, by whoever sees the connection. */
export function reportExposedToken(values: Values): OptionText[] {
  const url = values.get('service') ?? '';
  if (!values.has('token-file') || !URL.canParse(url)) return [];
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:' || isLoopbackHost(hostname)) return [];
  return [
    optionText`Warning: ${option('service')} is an http URL: the token of ${option('token-file')} is sent unencrypted`,
  ];
}

function readText(
  values: Values,
  name: 'token-file' | 'tls-cafile' | 'tls-certfile' | 'tls-keyfile',
): string | undefined {
  const path = values.get(name);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new OptionError('OPTION_VALUE', optionText`${option(name)}: ${errorMessage(error)}`);
  }
}
