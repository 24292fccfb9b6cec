import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** X.509 certificates for tests of TLS, put together by hand: Node can read but not make them. */
export interface TestCertificate {
  /** PEM */
  readonly cert: string;
  /** PEM */
  readonly key: string;
  readonly name: string;
  readonly privateKey: KeyObject;
}

export interface CertificateWish {
  name: string;
  /** Host names and IPv4 addresses it is good for. */
  altNames?: string[];
  issuer?: TestCertificate;
  isCa?: boolean;
  /** Days from now. */
  from?: number;
  to?: number;
}

let serial = 1;

export function makeCertificate(wish: CertificateWish): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = wish.issuer ?? { name: wish.name, privateKey };
  const algorithm = sequence(oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const extensions = [
    extension('551d13', sequence(...(wish.isCa === true ? [der(0x01, Buffer.from([0xff]))] : []))),
    ...(wish.altNames === undefined ? [] : [extension('551d11', sequence(...wish.altNames.map(altName)))]),
  ];
  const body = sequence(
    der(0xa0, integer(2)),
    integer(serial++),
    algorithm,
    commonName(signer.name),
    sequence(time(wish.from ?? -1), time(wish.to ?? 30)),
    commonName(wish.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer.privateKey);
  const bytes = sequence(body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = bytes.toString('base64').match(/.{1,64}/g)!;
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    name: wish.name,
    privateKey,
  };
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]));

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(0x04, value));
}

function altName(name: string): Buffer {
  return isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));
}

function time(days: number): Buffer {
  const text = new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(0x18, Buffer.from(text)); // GeneralizedTime
}
