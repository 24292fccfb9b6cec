import { writeFile } from 'node:fs/promises';
import { errorMessage } from '../../../core/errors.js';
import { OptionError } from '../../../config/option-error.js';
import { mentions, optionText } from '../../../config/option-text.js';
import { serviceTokenOptions } from '../../../config/schema/service-token.js';
import type { Command } from '../../command.js';

interface ServiceTokenConfig {
  name: string;
  file: string;
  scope: string;
  expires: string | undefined;
}

const OWNER_ONLY = 0o600;

const option = mentions(serviceTokenOptions);

export const serviceTokenCommand: Command<typeof serviceTokenOptions, ServiceTokenConfig> = {
  name: 'asb service-token',
  title: 'Aerospike Backup Service',
  summary:
    'Make a token for the API of the service: the token goes into a file, and its entry for the configuration, which has only a hash of it, to standard output.',
  usage: 'NAME [options]',
  operands: { min: 1, max: 1, names: ['NAME'] },
  examples: [
    ['For a program that starts backups:', 'asb service-token deploy --scope backup --token-file deploy.token'],
  ],
  options: serviceTokenOptions,
  schema: {
    name: 'asb',
    options: serviceTokenOptions,
    constraints: [
      (values) =>
        values.has('token-file')
          ? undefined
          : optionText`${option('token-file')} is missing: the file that the token is written to`,
    ],
  },
  subject: 'Command',
  readsConfigFiles: false,
  warningLevel: 'info',
  toConfig: (values, { operands }) => {
    const expires = values.get('expires');
    if (expires !== undefined && Number.isNaN(Date.parse(expires))) {
      throw new OptionError('OPTION_VALUE', optionText`${option('expires')} must be a time, not ${expires}`);
    }
    return { name: operands[0]!, file: values.get('token-file')!, scope: values.get('scope'), expires };
  },
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async ({ name, file, scope, expires }, { stdout }) => {
    const { createToken } = await import('../../../service/access/token.js');
    const { token, hash } = createToken();
    await writeNewFile(file, `${token}\n`);
    const lines = [
      'access:',
      '  tokens:',
      `    ${JSON.stringify(name)}:`,
      `      hash: ${hash}`,
      `      scope: ${scope}`,
      ...(expires === undefined ? [] : [`      expires: ${new Date(expires).toISOString()}`]),
    ];
    stdout(`${lines.join('\n')}\n`);
  },
};

/** Throws OptionError if there is a file already, or none can be made. */
async function writeNewFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: OWNER_ONLY });
  } catch (error) {
    throw new OptionError('OPTION_VALUE', optionText`${option('token-file')}: ${errorMessage(error)}`);
  }
}
