import { agentAddress } from './agent-endpoint.js';
import type { Agent } from './agent.js';

/**
 * How the options say the agent is reached. `portWins`: the port was given where it overrides the one in the address.
 */
export function agentSettings(values: { get(name: string): unknown }, portWins: boolean): Agent {
  const text = (name: string): string | undefined => {
    const value = values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const caFile = text('sa-cafile');
  const tlsName = text('sa-tls-name');
  return {
    address: agentAddress(text('sa-address') ?? '', { text: text('sa-port') ?? '', wins: portWins }),
    timeoutMs: Number(values.get('sa-timeout')),
    ...(caFile === undefined ? {} : { caFile }),
    ...(tlsName === undefined ? {} : { tlsName }),
  };
}
