/** Whether each seed can be reached: TCP, TLS, login, and what answers there. */
import type { ClusterOptions, Seed } from '../../aerospike/config.js';
import { Connector } from '../../aerospike/connection/connector.js';
import { formatEndpoint } from '../../aerospike/endpoint.js';
import { ClusterError, ConnectionError, InfoError, LoginError } from '../../aerospike/errors.js';
import { infoCommand } from '../../aerospike/protocol/info-command.js';
import { requestInfo } from '../../aerospike/protocol/info.js';
import { ResultCode } from '../../aerospike/protocol/constants.js';
import { errorMessage, ToolError } from '../../core/errors.js';
import type { HintId } from '../../core/hint.js';
import type { Finding, FindingListener } from './finding.js';

type Stage = 'tcp' | 'tls' | 'login' | 'protocol';

const HINTS: Readonly<Record<Stage, HintId>> = {
  tcp: 'check-seeds',
  tls: 'check-tls',
  login: 'check-credentials',
  protocol: 'check-seeds',
};

/** One finding for each seed. Resolves with whether one of them can be used. Rejects only if `signal` aborts. */
export async function checkAccess(
  options: ClusterOptions,
  signal: AbortSignal,
  report: FindingListener,
): Promise<boolean> {
  let accessible = false;
  const seen = new Set<string>();
  for (const seed of options.seeds) {
    const subject = formatEndpoint(seed.host, seed.port);
    if (seen.has(subject)) continue;
    seen.add(subject);
    try {
      const node = await askForName(options, seed, signal);
      report({ check: 'access', subject, status: 'ok', text: describeAccess(options, node), details: { node } });
      accessible = true;
    } catch (error) {
      signal.throwIfAborted();
      report(accessFailure(subject, error));
    }
  }
  return accessible;
}

/** Of a seed, or of the cluster as a whole. */
export function accessFailure(subject: string, error: unknown): Finding {
  const stage = findStage(error);
  const hint = (error instanceof ToolError ? error.hint : undefined) ?? HINTS[stage];
  const isOld = error instanceof ClusterError && error.code === 'CLUSTER_VERSION';
  const text = errorMessage(error);
  if (isOld) return { check: 'version', subject, status: 'failed', text, hint: 'upgrade-server' };
  return { check: 'access', subject, status: 'failed', text, hint, details: { stage } };
}

function findStage(error: unknown): Stage {
  if (error instanceof LoginError) return 'login';
  if (error instanceof ConnectionError) return error.code === 'NET_TLS' ? 'tls' : 'tcp';
  return error instanceof ToolError && error.code.startsWith('TLS_') ? 'tls' : 'protocol';
}

async function askForName(options: ClusterOptions, seed: Seed, signal: AbortSignal): Promise<string> {
  const connector = await Connector.create(options, signal, undefined);
  const connection = await connector.open(seed);
  try {
    return await requestInfo(connection, infoCommand('node'), options.infoTimeoutMs);
  } catch (error) {
    if (!(error instanceof InfoError) || error.resultCode !== ResultCode.NOT_AUTHENTICATED) throw error;
    const text = `The server at ${connection.where} requires authentication`;
    throw new LoginError('LOGIN_REQUIRED', text, { resultCode: error.resultCode, hint: 'set-credentials' });
  } finally {
    connection.close();
  }
}

function describeAccess({ tls, auth }: ClusterOptions, node: string): string {
  const encryption = tls === undefined ? 'without TLS' : 'with TLS, its certificate is valid';
  if (auth === undefined) return `Node ${node} answers ${encryption} and asks for no login`;
  const who = auth.mode === 'PKI' ? 'the certificate' : JSON.stringify(auth.user);
  return `Node ${node} answers ${encryption} and accepts the login of ${who}`;
}
