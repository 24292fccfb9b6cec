import { parseFingerprint, parseSubject } from '../../access/client-certificate.js';
import { isNetwork } from '../../http/address-list.js';
import { joinPath } from '../json-schema.js';
import type { AccessCertificate, AccessProxy, AccessToken } from '../schema/access-settings.js';
import type { ServiceDocument } from '../schema/service-document.js';
import { checkName, joinWords } from './common-rules.js';

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
/** Those that clients or the protocol set. */
const RESERVED_HEADERS = ['authorization', 'host', 'connection', 'content-length', 'cookie', 'origin'];
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** What the schema of the section access cannot say. */
export function checkAccess({ access, service }: ServiceDocument): string[] {
  if (access === undefined) return [];
  const { tokens = {}, certificates = {}, proxy } = access;
  const hasNobody = [tokens, certificates].every((map) => Object.keys(map).length === 0) && proxy === undefined;
  const asksForCertificates = (service?.https?.['client-auth'] ?? 'none') !== 'none';
  return [
    ...(hasNobody ? ['access: expected tokens, certificates or proxy, as nobody could do anything else'] : []),
    ...Object.entries(tokens).flatMap(([name, token]) => checkToken(name, token)),
    ...checkTwins(tokens),
    ...Object.entries(certificates).flatMap(([name, certificate]) => checkCertificate(name, certificate)),
    ...(Object.keys(certificates).length > 0 && !asksForCertificates
      ? ['access.certificates: need service.https.client-auth request or require-and-verify']
      : []),
    ...(proxy === undefined ? [] : checkProxy(proxy)),
  ];
}

function checkToken(name: string, { hash, expires }: AccessToken): string[] {
  const where = joinPath('access.tokens', name);
  const problem = checkName(name);
  return [
    ...(problem === undefined ? [] : [`${where}: the name ${problem}`]),
    ...(/^sha256:[0-9a-f]{64}$/.test(hash)
      ? []
      : [`${where}.hash: expected sha256: and 64 hexadecimal digits in lower case, as "asb service-token" prints it`]),
    ...(expires === undefined || (TIME.test(expires) && !Number.isNaN(Date.parse(expires)))
      ? []
      : [`${where}.expires: expected a time as 2026-05-02T09:00:00Z`]),
  ];
}

/** Nobody could tell whose of the two a token is. */
function checkTwins(tokens: Readonly<Record<string, AccessToken>>): string[] {
  const names = new Map<string, string>();
  return Object.entries(tokens).flatMap(([name, { hash }]) => {
    const other = names.get(hash);
    names.set(hash, name);
    return other === undefined ? [] : [`access.tokens: ${joinWords([other, name])} have the same hash`];
  });
}

function checkCertificate(name: string, { subject, fingerprint }: AccessCertificate): string[] {
  const where = joinPath('access.certificates', name);
  const problem = checkName(name);
  return [
    ...(problem === undefined ? [] : [`${where}: the name ${problem}`]),
    ...(subject === undefined && fingerprint === undefined ? [`${where}: expected subject or fingerprint`] : []),
    ...(subject === undefined || parseSubject(subject) !== undefined
      ? []
      : [`${where}.subject: expected parts as CN=ci,O=Example`]),
    ...(fingerprint === undefined || parseFingerprint(fingerprint) !== undefined
      ? []
      : [`${where}.fingerprint: expected 64 hexadecimal digits, with colons or without`]),
  ];
}

function checkProxy({ addresses, header, users = {}, 'default-scope': scope }: AccessProxy): string[] {
  const where = 'access.proxy';
  return [
    ...addresses.flatMap((entry, i) =>
      isNetwork(entry) ? [] : [`${where}.addresses[${i}]: expected an address or a network as 10.0.0.0/8`],
    ),
    ...(HEADER_NAME.test(header) && !RESERVED_HEADERS.includes(header.toLowerCase())
      ? []
      : [`${where}.header: expected the name of a header that only the proxy sets`]),
    ...(Object.keys(users).length === 0 && scope === undefined ? [`${where}: expected users or default-scope`] : []),
  ];
}
