import { describe, expect, it } from 'vitest';
import { onSecretFetched, SecretResolver } from '../../../src/service/settings/secret-resolver.js';
import { startAgent } from '../../support/secret-agent.js';

describe('onSecretFetched', () => {
  it('tells each secret of an agent as it is used, decoded, until it is ended; literals are not told', async () => {
    const secret = 'a password of the agent';
    const agent = await startAgent({ secrets: { 'cluster:password': Buffer.from(secret).toString('base64') } });
    const choice = {
      'secret-agent': { address: '127.0.0.1', port: agent.port, 'connection-type': 'tcp', 'is-base64': true },
    } as const;
    const told: string[] = [];
    const end = onSecretFetched((reference, text) => told.push(`${reference} ${text}`));
    try {
      expect(await new SecretResolver({}).resolve('secrets:cluster:password', choice)).toBe(secret);
      await new SecretResolver({}).resolve('literal', choice);
      expect(told).toEqual([`secrets:cluster:password ${secret}`]);
      end();
      await new SecretResolver({}).resolve('secrets:cluster:password', choice);
      expect(told).toHaveLength(1);
    } finally {
      end();
      await agent.close();
    }
  });
});
