/**
 * The S3 server that the tests use. scripts/test starts one and says where it is; a developer does the same with
 *
 *     S3_TEST_SERVER=$(scripts/s3-server start) npx vitest run test/integration/s3-….test.ts
 *
 * and ends it with `scripts/s3-server stop DIR`. Without S3_TEST_SERVER the tests skip:
 *
 *     const server = s3Server();
 *     describe.skipIf(server === undefined)(`backups in S3${server === undefined ? ` (${skipReason})` : ''}`, …)
 *
 * The server is Swift 2.30. It wants paths in place of host names for buckets, and the region it names. It refuses
 * bodies in aws-chunked encoding, so request checksums may only be made when they are required.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface S3Server extends S3Credentials {
  /** `http://127.0.0.1:PORT` */
  endpoint: string;
  region: string;
  /** Where its data and logs are; the commands of scripts/s3-server take it. */
  dir: string;
  /** A user who exists, whose signature is right, and to whom every bucket answers 403 AccessDenied. */
  other: S3Credentials;
}

/** Why there is no server, for the names of tests that skip. */
export const skipReason = 'no S3 server: S3_TEST_SERVER is not set; see scripts/s3-server';

/** The server that all test files share: use buckets of your own, and never stop it. Undefined: skip. */
export function s3Server(): S3Server | undefined {
  const line = process.env.S3_TEST_SERVER;
  return line === undefined || line === '' ? undefined : parseServer(line);
}

/** A server of the test's own, which it may kill, restart and must stop. Only where {@link s3Server} has one, too. */
export async function startS3Server(): Promise<S3Server> {
  return parseServer(await run('start'));
}

/** SIGKILL to all processes of a server; its data stays. */
export async function killS3Server(server: S3Server): Promise<void> {
  await run('kill', server.dir);
}

/** Starts a killed server again: same endpoint, keys and data. */
export async function restartS3Server(server: S3Server): Promise<void> {
  await run('restart', server.dir);
}

export async function stopS3Server(server: S3Server): Promise<void> {
  await run('stop', server.dir);
}

/**
 * The environment of a child process that talks to the server as `user`: this one's, without any other AWS settings
 * that a developer may have, in variables or in files.
 */
export function s3Environment(server: S3Server, user: S3Credentials = server): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('AWS_') && name !== 'S3_TEST_SERVER',
  );
  return {
    ...Object.fromEntries(inherited),
    AWS_ACCESS_KEY_ID: user.accessKeyId,
    AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
    AWS_REGION: server.region,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

const SCRIPT = fileURLToPath(new URL('../../scripts/s3-server', import.meta.url));

async function run(...args: string[]): Promise<string> {
  return (await promisify(execFile)(SCRIPT, args)).stdout;
}

function parseServer(line: string): S3Server {
  const fields = JSON.parse(line) as Record<string, unknown>;
  const text = (name: string): string => {
    const value = fields[name];
    if (typeof value !== 'string')
      throw new Error(`S3_TEST_SERVER has no ${name}; it is the line that scripts/s3-server prints`);
    return value;
  };
  return {
    endpoint: text('endpoint'),
    accessKeyId: text('accessKeyId'),
    secretAccessKey: text('secretAccessKey'),
    region: text('region'),
    dir: text('dir'),
    other: { accessKeyId: text('otherAccessKeyId'), secretAccessKey: text('otherSecretAccessKey') },
  };
}
