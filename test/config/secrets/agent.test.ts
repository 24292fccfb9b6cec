import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { addressText, agentAddress } from '../../../src/config/secrets/agent-endpoint.js';
import { type Agent, fetchSecrets } from '../../../src/config/secrets/agent.js';
import { parseReference } from '../../../src/config/secrets/secret-uri.js';
import { SecretError } from '../../../src/config/secrets/secret-error.js';
import { renderText } from '../../../src/config/option-text.js';
import { errorText } from '../../../src/ui/error-text.js';
import { makeCertificate } from '../../support/certificates.js';
import {
  type AgentSettings,
  framed,
  MAGIC,
  secretAnswer,
  startAgent,
  type TestAgent,
} from '../../support/secret-agent.js';

const agents: TestAgent[] = [];
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secrets-'));
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
});

async function agentWith(settings: AgentSettings): Promise<TestAgent> {
  const agent = await startAgent(settings);
  agents.push(agent);
  return agent;
}

function to(agent: TestAgent, more: Partial<Agent> & { host?: string } = {}): Agent {
  const { host = '127.0.0.1', ...rest } = more;
  return { address: { kind: 'tcp', host, port: agent.port }, timeoutMs: 2000, ...rest };
}

async function fetchOne(agent: Agent, reference = 'secrets:r:k'): Promise<string | undefined> {
  return (await fetchSecrets(agent, [reference])).get(reference);
}

/** The error as the command line shows it. */
async function failure(agent: Agent, reference?: string): Promise<{ code: string; message: string }> {
  const error: unknown = await fetchOne(agent, reference).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SecretError)) throw new Error('no SecretError', { cause: error });
  return { code: error.code, message: errorText(error, 'cli') };
}

describe('references', () => {
  it.each([
    ['secrets:r:k', 'r', 'k'],
    ['secrets:a:b:k', 'a:b', 'k'],
    ['secrets:k', undefined, 'k'],
    ['secrets::k', undefined, 'k'],
    ['secrets: r : k ', ' r ', ' k '],
  ])('%s', (text, resource, key) => {
    expect(parseReference(text)).toEqual({ text, key, ...(resource === undefined ? {} : { resource }) });
  });

  it.each(['secrets:', 'secrets:r:', 'secrets::'])('%s names no key', (text) => {
    expect(() => parseReference(text)).toThrow('expected secrets:RESOURCE:KEY');
  });
});

describe('addresses of the agent', () => {
  const file = { text: '3005', wins: false };
  const line = { text: '4000', wins: true };

  it.each([
    ['agent', file, 'agent:3005'],
    ['agent:7', file, 'agent:7'],
    ['agent:7', line, 'agent:4000'],
    ['agent', line, 'agent:4000'],
    ['10.0.0.1:7', file, '10.0.0.1:7'],
    ['::1', file, '[::1]:3005'],
    ['::1', line, '[::1]:4000'],
    ['[::1]', file, '[::1]:3005'],
    ['[::1]', line, '[::1]:4000'],
    ['[fe80::1%eth0]:7', file, '[fe80::1%eth0]:7'],
    ['[::1]:7', file, '[::1]:7'],
    ['[::1]:7', line, '[::1]:4000'],
    ['/run/agent.sock', file, '/run/agent.sock'],
    ['agent', { text: '65535', wins: false }, 'agent:65535'],
  ])('%s with port %o is %s', (address, port, expected) => {
    expect(addressText(agentAddress(address, port))).toBe(expected);
  });

  it.each([
    ['', file, '--sa-address'],
    [':7', file, '--sa-address'],
    ['a b', file, '--sa-address'],
    ['http://agent', file, '--sa-address'],
    ['[agent]:7', file, '--sa-address'],
    ['[::1', file, '--sa-address'],
    ['[::1]7', file, '--sa-address'],
    ['agent:7:8', file, '--sa-address'],
    ['agent:', file, '--sa-address'],
    ['agent:0', file, '--sa-address'],
    ['agent:65536', file, '--sa-address'],
    ['agent', { text: 'x', wins: false }, '--sa-port'],
    ['/run/agent.sock', line, '--sa-port'],
  ])('%s with port %o is refused', (address, port, option) => {
    let text = '';
    try {
      agentAddress(address, port);
    } catch (error) {
      text = errorText(error, 'cli');
    }
    expect(text).toContain(option);
  });
});

describe('the secret agent', () => {
  it('is asked once for each secret, with every character escaped', async () => {
    const agent = await agentWith({ secrets: { 'r:k': 'one', ':k': 'two', 'a"b\\:ü\n': 'three' } });
    const references = ['secrets:r:k', 'secrets:k', 'secrets:a"b\\:ü\n', 'secrets:r:k'];
    const secrets = await fetchSecrets(to(agent), references);
    expect([...secrets]).toEqual([
      ['secrets:r:k', 'one'],
      ['secrets:k', 'two'],
      ['secrets:a"b\\:ü\n', 'three'],
    ]);
    expect(agent.requests).toEqual([
      '{"Resource":"r","SecretKey":"k"}',
      '{"SecretKey":"k"}',
      '{"Resource":"a\\"b\\\\","SecretKey":"ü\\n"}',
    ]);
  });

  it('may be slow and send byte by byte, with blanks after the base64, and more than was asked for', async () => {
    const body = JSON.stringify({ Other: 1, SecretValue: `${Buffer.from('s3cret\n').toString('base64')} \t\r\n\f\v` });
    const agent = await agentWith({
      answer: (socket) => {
        const bytes = Buffer.concat([framed(body), Buffer.from('rest')]);
        let at = 0;
        const drip = (): void => {
          if (at < bytes.length) socket.write(bytes.subarray(at, ++at), () => setTimeout(drip, 1));
        };
        drip();
      },
    });
    expect(await fetchOne(to(agent))).toBe('s3cret\n');
  });

  it('may answer with up to 100 KiB', async () => {
    const secret = 'x'.repeat(76_000);
    const agent = await agentWith({ secrets: { 'r:k': secret } });
    expect(await fetchOne(to(agent))).toBe(secret);
  });

  it('can be at a Unix socket', async () => {
    const path = join(directory, 'agent.sock');
    await agentWith({ path, secrets: { 'r:k': 'by path' } });
    const agent: Agent = { address: { kind: 'unix', path }, timeoutMs: 2000 };
    expect(await fetchOne(agent)).toBe('by path');
    const gone = await failure({ ...agent, address: { kind: 'unix', path: `${path}.gone` } });
    expect(gone.message).toBe(`Cannot get secrets:r:k from the secret agent at ${path}.gone: there is no such socket.`);
    expect((await failure({ ...agent, caFile: 'ca.pem' })).code).toBe('SECRET_CONFIG');
  });

  it('is found by name, at any of its addresses', async () => {
    const agent = await agentWith({ secrets: { 'r:k': 'by name' } });
    expect(await fetchOne(to(agent, { host: 'localhost' }))).toBe('by name');
  });
});

const answers = (bytes: Buffer | string) => ({
  answer: (socket: { end: (bytes: Buffer | string) => unknown }) => void socket.end(bytes),
});

describe('a secret agent that behaves badly', () => {
  it.each<[string, AgentSettings, string, string]>([
    ['refuses', {}, 'SECRET_REFUSED', 'it refused: "unknown secret \\"k\\""'],
    ['refuses without a reason', answers(framed('{"Error":"","SecretValue":"eA=="}')), 'SECRET_REFUSED', 'refused: ""'],
    ['has another magic', answers(framed('{}', 0x51dec1cd)), 'SECRET_PROTOCOL', 'it is not a secret agent'],
    ['is a web server', answers('HTTP/1.1 400 Bad Request\r\n\r\n'), 'SECRET_PROTOCOL', 'check --sa-address'],
    ['speaks TLS', answers(Buffer.from('15030300020128', 'hex')), 'SECRET_PROTOCOL', 'it expects TLS; give'],
    ['says nothing and closes', answers(''), 'SECRET_PROTOCOL', 'closed the connection without an answer'],
    [
      'sends half a header',
      answers(framed('').subarray(0, 5)),
      'SECRET_PROTOCOL',
      'in the middle of its answer, after 5',
    ],
    ['sends half a body', answers(framed('{"SecretValue":', MAGIC, 40)), 'SECRET_PROTOCOL', 'after 23 bytes'],
    ['sends too much', answers(framed('', MAGIC, 102_401)), 'SECRET_PROTOCOL', 'of 102401 bytes is longer than 102400'],
    ['sends nothing but a header', answers(framed('')), 'SECRET_PROTOCOL', 'is not JSON'],
    ['sends half an object', answers(framed('{"SecretValue":"aHVudGVyMg=="')), 'SECRET_PROTOCOL', 'is not JSON'],
    ['sends a list', answers(framed('["aHVudGVyMg=="]')), 'SECRET_PROTOCOL', 'not a JSON object'],
    ['sends null', answers(framed('null')), 'SECRET_PROTOCOL', 'not a JSON object'],
    [
      'sends no value',
      answers(framed('{"Secret":"aHVudGVyMg=="}')),
      'SECRET_PROTOCOL',
      'neither a SecretValue nor an Error',
    ],
    ['sends a number', answers(framed('{"SecretValue":1}')), 'SECRET_PROTOCOL', 'neither a SecretValue nor an Error'],
    ['sends an empty secret', answers(framed('{"SecretValue":" \\n"}')), 'SECRET_VALUE', 'the secret is empty'],
    ['sends no base64', answers(framed('{"SecretValue":"hunter2!"}')), 'SECRET_VALUE', 'not in base64'],
    ['sends unpadded base64', answers(framed('{"SecretValue":"aHVudGVyMg"}')), 'SECRET_VALUE', 'not in base64'],
    ['sends bytes that are no text', answers(secretAnswer(Buffer.from([0xff]))), 'SECRET_VALUE', 'not UTF-8 text'],
    ['resets', { answer: (socket) => void socket.resetAndDestroy() }, 'SECRET_CONNECT', 'the connection broke'],
  ])('%s', async (_, settings, code, text) => {
    const agent = await agentWith(settings);
    const error = await failure(to(agent));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^Cannot get secrets:r:k from the secret agent at 127\.0\.0\.1:\d+: [^\n]*[^.]\.$/);
    expect(error.message.includes(text) || new RegExp(text).test(error.message), error.message).toBe(true);
    expect(error.message).not.toMatch(/hunter2|aHVudGVyMg/);
  });

  it('is given up when it stays silent', async () => {
    const agent = await agentWith({ answer: () => undefined });
    const error = await failure(to(agent, { timeoutMs: 50 }));
    expect(error.code).toBe('SECRET_TIMEOUT');
    expect(error.message).toContain('no complete answer within 50 ms (--sa-timeout)');
  });

  it('is given up when it never comes to an end, although something comes all the time', async () => {
    const agent = await agentWith({
      answer: (socket) => {
        socket.write(framed('', MAGIC, 90_000));
        const timer = setInterval(() => socket.write('x'), 10);
        socket.on('close', () => clearInterval(timer));
      },
    });
    const before = Date.now();
    const error = await failure(to(agent, { timeoutMs: 150 }));
    expect(error.code).toBe('SECRET_TIMEOUT');
    expect(Date.now() - before).toBeLessThan(2000);
  });

  it('is given up at once when there is no time', async () => {
    const agent = await agentWith({ secrets: { 'r:k': 'x' } });
    const error = await failure(to(agent, { timeoutMs: 0 }));
    expect(error.message).toContain('--sa-timeout 0 leaves no time for an answer');
    expect(agent.requests).toEqual([]);
  });

  it('is not there', async () => {
    const agent = await agentWith({});
    await agents.pop()?.close();
    for (const host of ['127.0.0.1', 'localhost']) {
      const error = await failure(to(agent, { host }));
      expect(error.code).toBe('SECRET_CONNECT');
      expect(error.message).toContain(': nothing listens there (connection refused).');
    }
  });
});

describe('a secret agent with TLS', () => {
  const ca = makeCertificate({ name: 'Test CA', isCa: true });
  const other = makeCertificate({ name: 'Other CA', isCa: true });
  const good = makeCertificate({ name: 'agent', altNames: ['localhost', '127.0.0.1'], issuer: ca });

  async function caFile(name: string, text: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  }

  it('is trusted when its certificate is, by name and by address', async () => {
    const agent = await agentWith({ tls: good, secrets: { 'r:k': 'over TLS' } });
    const several = await caFile('several.pem', `Some text\n${other.cert}\nmore\n${ca.cert}`);
    for (const host of ['localhost', '127.0.0.1']) {
      expect(await fetchOne(to(agent, { host, caFile: several }))).toBe('over TLS');
    }
  });

  it.each([
    [
      'another issuer',
      makeCertificate({ name: 'a', altNames: ['127.0.0.1'], issuer: other }),
      'not issued by one that',
    ],
    ['itself as issuer', makeCertificate({ name: 'a', altNames: ['127.0.0.1'] }), 'not issued by one that'],
    ['another name', makeCertificate({ name: 'a', altNames: ['agent.example'], issuer: ca }), 'DNS:agent.example'],
    ['another address', makeCertificate({ name: 'a', altNames: ['127.0.0.2'], issuer: ca }), 'IP Address:127.0.0.2'],
    ['only a common name', makeCertificate({ name: '127.0.0.1', issuer: ca }), 'names none that can be checked'],
    ['expired', makeCertificate({ name: 'a', altNames: ['127.0.0.1'], issuer: ca, from: -9, to: -2 }), 'has expired'],
    ['too early', makeCertificate({ name: 'a', altNames: ['127.0.0.1'], issuer: ca, from: 2 }), 'not valid yet'],
  ])('is refused with a certificate that has %s', async (_, tls, text) => {
    const agent = await agentWith({ tls, secrets: { 'r:k': 'over TLS' } });
    // Node warns of it when it is first used.
    const quiet = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const name = { tlsName: '127.0.0.1' };
      const error = await failure(to(agent, { caFile: await caFile('ca.pem', ca.cert), ...name }));
      expect(error.code).toBe('SECRET_CONNECT');
      expect(error.message).toContain(text);
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      quiet.mockRestore();
    }
    expect(agent.requests).toEqual([]);
  });

  it('is trusted by the name that is given for its certificate, whatever its address', async () => {
    const tls = makeCertificate({ name: 'a', altNames: ['agent.example'], issuer: ca });
    const agent = await agentWith({ tls, secrets: { 'r:k': 'over TLS' } });
    const file = await caFile('ca.pem', ca.cert);
    expect(await fetchOne(to(agent, { caFile: file, tlsName: 'agent.example' }))).toBe('over TLS');
    const error = await failure(to(agent, { caFile: file, tlsName: 'other.example' }));
    expect(error.message).toContain('its certificate is for another name, DNS:agent.example');
    const byHost = await failure(to(agent, { caFile: file, host: 'localhost' }));
    expect(byHost.message).toContain('its certificate is for another name, DNS:agent.example');
  });

  it('at an address that its certificate does not bear is used with a warning, as the C tools check no name', async () => {
    const tls = makeCertificate({ name: 'a', altNames: ['agent.example'], issuer: ca });
    const agent = await agentWith({ tls, secrets: { 'r:k': 'over TLS' } });
    const warnings: string[] = [];
    const secrets = await fetchSecrets(
      to(agent, { caFile: await caFile('ca.pem', ca.cert) }),
      ['secrets:r:k'],
      (text) => warnings.push(renderText(text, 'cli')),
    );
    expect(secrets.get('secrets:r:k')).toBe('over TLS');
    expect(warnings).toEqual([expect.stringMatching(/DNS:agent\.example; give the name .* with --sa-tls-name$/)]);
    const named = await agentWith({ tls: good, secrets: { 'r:k': 'x' } });
    const quiet: unknown[] = [];
    await fetchSecrets(to(named, { caFile: await caFile('ca.pem', ca.cert) }), ['secrets:r:k'], (text) =>
      quiet.push(text),
    );
    expect(quiet).toEqual([]);
  });

  it('is needed when certificates are given, and certificates when it is there', async () => {
    const plain = await agentWith({ greet: (socket) => void socket.end('hello'), secrets: { 'r:k': 'x' } });
    const file = await caFile('ca.pem', ca.cert);
    expect((await failure(to(plain, { caFile: file }))).message).toContain('does not speak TLS');
    const secure = await agentWith({ tls: good, secrets: { 'r:k': 'x' } });
    expect((await failure(to(secure))).message).toContain('without an answer; it may expect TLS (--sa-cafile).');
  });

  it('has to finish its handshake in time', async () => {
    const agent = await agentWith({});
    const error = await failure(to(agent, { timeoutMs: 80, caFile: await caFile('ca.pem', ca.cert) }));
    expect(error.message).toContain('no connection within 80 ms (--sa-timeout)');
  });

  it('needs a file that holds certificates', async () => {
    const agent = await agentWith({ tls: good });
    const missing = await failure(to(agent, { caFile: join(directory, 'gone.pem') }));
    expect(missing.message).toMatch(
      /^Cannot read the certificates of --sa-cafile, .*: no such file or directory \(ENOENT\)\.$/,
    );
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    for (const text of ['', 'hello', good.key, broken]) {
      const error = await failure(to(agent, { caFile: await caFile('none.pem', text) }));
      expect(error.code).toBe('SECRET_CONFIG');
      expect(error.message).toContain('holds no certificate');
    }
  });
});
