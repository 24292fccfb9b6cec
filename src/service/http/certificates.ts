import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls';
import { errorMessage, systemErrorText } from '../../core/errors.js';
import { logEvent, warningEvent, type Log } from '../../core/log.js';
import { ServiceError } from '../errors.js';
import { cipherList } from './cipher-suites.js';
import type { HttpsSettings } from '../document/schema/service-settings.js';

const POLL_MS = 10_000;
/** Length of the keys that encrypt session tickets. */
const TICKET_KEY_BYTES = 48;

const FILES = ['cert-file', 'key-file', 'client-ca-file'] as const;
type FileKey = (typeof FILES)[number];
type Contents = Readonly<Partial<Record<FileKey, string>>>;

/** The certificate of the HTTPS listener and those it trusts. The files are read again and again. */
export class Certificates {
  private timer: NodeJS.Timeout | undefined;
  /** Why the files cannot be used; reported once. */
  private problem: string | undefined;

  private constructor(
    private readonly settings: HttpsSettings,
    private readonly password: string | undefined,
    private readonly log: Log,
    private contents: Contents,
  ) {}

  /** Throws SERVICE_INVALID if the files cannot be read or do not fit together. */
  static async load(settings: HttpsSettings, password: string | undefined, log: Log): Promise<Certificates> {
    for (const key of ['cert-file', 'key-file'] as const) {
      if (settings[key] === undefined) throw new ServiceError('SERVICE_INVALID', `service.https.${key}: required`);
    }
    const contents = await readFiles(settings);
    const certificates = new Certificates(settings, password, log, contents);
    certificates.checkContents(contents);
    return certificates;
  }

  /** For the server. */
  get options(): SecureContextOptions {
    return this.contextOptions(this.contents);
  }

  /** Gives changed files to the server. Files that cannot be used are reported once, and the old ones stay. */
  watch(server: Server, intervalMs = POLL_MS): void {
    this.timer = setInterval(() => void this.poll(server), intervalMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async poll(server: Server): Promise<void> {
    try {
      const contents = await readFiles(this.settings);
      if (areEqual(contents, this.contents)) {
        this.problem = undefined;
        return;
      }
      this.checkContents(contents);
      this.contents = contents;
      this.problem = undefined;
      server.setSecureContext(this.options);
      // A resumed session would not be checked against the new authority.
      server.setTicketKeys(randomBytes(TICKET_KEY_BYTES));
      this.log.info(logEvent('http.certificate', 'The certificates of the HTTPS listener were read again'));
    } catch (error) {
      const problem = errorMessage(error);
      if (problem === this.problem) return;
      this.problem = problem;
      const text = `the HTTPS listener goes on with the certificates it has: ${problem}`;
      this.log.info(warningEvent('http.certificate', text));
    }
  }

  private checkContents(contents: Contents): void {
    try {
      createSecureContext(this.contextOptions(contents));
    } catch (error) {
      const text = `service.https: the certificate, its key or its password cannot be used (${errorMessage(error)})`;
      throw new ServiceError('SERVICE_INVALID', text, { cause: error });
    }
  }

  private contextOptions(contents: Contents): SecureContextOptions {
    const { 'client-ca-file': ca } = contents;
    return {
      cert: contents['cert-file'],
      key: contents['key-file'],
      minVersion: `TLSv${this.settings['min-version'] ?? '1.2'}` satisfies SecureVersion,
      ciphers: cipherList(this.settings['cipher-suites']),
      honorCipherOrder: true,
      ...(this.password === undefined ? {} : { passphrase: this.password }),
      ...(ca === undefined ? {} : { ca }),
    };
  }
}

/** How a server asks its clients for certificates. */
export function clientAuthOptions({ 'client-auth': mode = 'none' }: HttpsSettings): {
  requestCert: boolean;
  rejectUnauthorized: boolean;
} {
  return { requestCert: mode !== 'none', rejectUnauthorized: mode === 'require-and-verify' };
}

async function readFiles(settings: HttpsSettings): Promise<Contents> {
  const entries = await Promise.all(
    FILES.map(async (key) => {
      const path = settings[key];
      if (path === undefined || path === '') return [];
      try {
        return [[key, await readFile(path, 'latin1')]];
      } catch (error) {
        const text = `service.https.${key}: cannot read ${path}: ${systemErrorText(error)}`;
        throw new ServiceError('SERVICE_INVALID', text, { cause: error });
      }
    }),
  );
  return Object.fromEntries(entries.flat()) as Contents;
}

function areEqual(a: Contents, b: Contents): boolean {
  return FILES.every((key) => a[key] === b[key]);
}
