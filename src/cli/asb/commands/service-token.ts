import { OptionError } from '../../../config/option-error.js';
import { mentions, optionText } from '../../../config/option-text.js';
import { serviceTokenOptions } from '../../../config/schema/service-token.js';
import type { Command } from '../../command.js';

interface ServiceTokenConfig {
  name: string;
  scope: string;
  expires: string | undefined;
}

const option = mentions(serviceTokenOptions);

export const serviceTokenCommand: Command<typeof serviceTokenOptions, ServiceTokenConfig> = {
  name: 'asb service-token',
  title: 'Aerospike Backup Service',
  summary:
    'Make a token for the API of the service: the token on standard output, its entry for the configuration, which has only a hash of it, on standard error.',
  usage: 'NAME [options]',
  operands: { min: 1, max: 1, names: ['NAME'] },
  examples: [['For a program that starts backups:', 'asb service-token deploy --scope backup > token']],
  options: serviceTokenOptions,
  schema: { name: 'asb', options: serviceTokenOptions, constraints: [] },
  subject: 'Command',
  readsConfigFiles: false,
  warningLevel: 'info',
  toConfig: (values, { operands }) => {
    const expires = values.get('expires');
    if (expires !== undefined && Number.isNaN(Date.parse(expires))) {
      throw new OptionError('OPTION_VALUE', optionText`${option('expires')} must be a time, not ${expires}`);
    }
    return { name: operands[0]!, scope: values.get('scope'), expires };
  },
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async ({ name, scope, expires }, { log, stdout }) => {
    const { createToken } = await import('../../../service/access/token.js');
    const { token, hash } = createToken();
    const lines = [
      'access:',
      '  tokens:',
      `    ${JSON.stringify(name)}:`,
      `      hash: ${hash}`,
      `      scope: ${scope}`,
      ...(expires === undefined ? [] : [`      expires: ${new Date(expires).toISOString()}`]),
    ];
    for (const line of lines) log.info(line);
    stdout(`${token}\n`);
  },
};
