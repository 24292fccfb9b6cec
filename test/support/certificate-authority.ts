/** Certificates for tests, made by the `openssl` command: an authority of our own and what it has signed. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Pair {
  /** Paths. */
  cert: string;
  key: string;
  /** Hex, as in a blacklist. */
  serial: string;
}

export interface SignOptions {
  /** Common name; absent = `name`. */
  cn?: string;
  /** subjectAltName; absent = none. */
  san?: string;
  /** Days it is valid; negative = it has ended. */
  days?: number;
  /** Password of the key. */
  password?: string;
  usage?: 'serverAuth' | 'clientAuth';
}

export function pem(path: string): string {
  return readFileSync(path, 'latin1');
}

/** An authority whose files lie in `dir` and start with `name`. */
export class Authority {
  readonly cert: string;
  readonly key: string;
  private readonly config: string;

  constructor(
    private readonly dir: string,
    private readonly name: string,
  ) {
    this.cert = join(dir, `${name}.pem`);
    this.key = join(dir, `${name}.key`);
    const at = (file: string): string => join(dir, `${name}.${file}`);
    writeFileSync(at('index'), '');
    writeFileSync(at('crlnumber'), '1000\n');
    this.config = at('cnf');
    writeFileSync(
      this.config,
      [
        '[ca]\ndefault_ca=this\n[this]',
        `database=${at('index')}\nnew_certs_dir=${dir}\ncertificate=${this.cert}\nprivate_key=${this.key}`,
        `rand_serial=yes\ncrlnumber=${at('crlnumber')}\ndefault_md=sha256\ndefault_crl_days=30\nunique_subject=no`,
        'policy=any\ncopy_extensions=copy\n[any]\ncommonName=supplied',
      ].join('\n') + '\n',
    );
    openssl('req', '-x509', ...newKey(), '-keyout', this.key, '-out', this.cert, '-days', '30', '-subj', `/CN=${name}`);
  }

  sign(name: string, { cn = name, san, days = 10, password, usage = 'serverAuth' }: SignOptions = {}): Pair {
    const at = (file: string): string => join(this.dir, `${name}.${file}`);
    const extensions = [
      '-addext',
      `extendedKeyUsage=${usage}`,
      ...(san === undefined ? [] : ['-addext', `subjectAltName=${san}`]),
    ];
    const plain = newKey();
    const key =
      password === undefined ? plain : [...plain.filter((word) => word !== '-nodes'), '-passout', `pass:${password}`];
    openssl('req', '-new', ...key, '-keyout', at('key'), '-out', at('csr'), '-subj', `/CN=${cn}`, ...extensions);
    const now = Date.now();
    const day = 86_400_000;
    const [from, to] = days < 0 ? [now - 20 * day, now + days * day] : [now - day, now + days * day];
    openssl(
      'ca',
      '-batch',
      '-config',
      this.config,
      '-in',
      at('csr'),
      '-out',
      at('pem'),
      '-notext',
      '-startdate',
      stamp(from),
      '-enddate',
      stamp(to),
    );
    const serial = openssl('x509', '-in', at('pem'), '-noout', '-serial').trim().replace('serial=', '');
    return { cert: at('pem'), key: at('key'), serial };
  }

  revoke({ cert }: Pair): void {
    openssl('ca', '-config', this.config, '-revoke', cert);
  }

  /** Path of a new revocation list. */
  crl(name = `${this.name}.crl`): string {
    const path = join(this.dir, name);
    openssl('ca', '-config', this.config, '-gencrl', '-out', path);
    return path;
  }
}

function newKey(): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
}

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** `YYYYMMDDHHMMSSZ` */
function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+|[-:T]/g, '');
}
