import { OptionError } from '../../../config/option-error.js';
import { mentions, optionText } from '../../../config/option-text.js';
import { serviceOptions } from '../../../config/schema/service.js';
import type { ServiceOptions } from '../../../service/service.js';
import type { Command } from '../../command.js';

interface ServiceConfig extends Omit<ServiceOptions, 'signal' | 'stdout' | 'log'> {
  checkOnly: boolean;
}

const option = mentions(serviceOptions);

export const serviceCommand: Command<typeof serviceOptions, ServiceConfig> = {
  name: 'asb service',
  title: 'Aerospike Backup Service',
  summary:
    'Run routines that back clusters up, and the REST API that controls them: the configuration, the API and the files are those of the Aerospike Backup Service.',
  usage: '--config <file or URL> [options]',
  examples: [
    [
      'With a configuration of this machine:',
      'asb service -c /etc/aerospike-backup-service/aerospike-backup-service.yml',
    ],
    ['Is everything in it right?', 'asb service -c service.yml --check-config'],
    ['With the configuration in the storage that storage.yml describes:', 'asb service -c storage.yml -r'],
  ],
  options: serviceOptions,
  schema: {
    name: 'asb',
    options: serviceOptions,
    constraints: [
      (values) => (values.has('config') ? undefined : optionText`${option('config')} is missing: the configuration`),
    ],
  },
  subject: 'Command',
  runsUntilSignal: true,
  readsConfigFiles: false,
  warningLevel: 'info',
  toConfig: (values, { env: environment }) => {
    const config = values.get('config');
    if (config === undefined || config === '') {
      throw new OptionError('OPTION_VALUE', optionText`${option('config')} is empty`);
    }
    return {
      config,
      isRemote: values.has('remote'),
      checkOnly: values.has('check-config'),
      dataDirectory: values.get('data-directory'),
      ...(environment === undefined ? {} : { environment }),
    };
  },
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async ({ checkOnly, ...config }, { log, signal, stdout }) => {
    const service = await import('../../../service/service.js');
    if (!checkOnly) return service.runService({ ...config, log, signal, stdout });
    const text = await service.checkConfiguration({ ...config, log });
    stdout(`${text}\n`);
    return undefined;
  },
};

/** The same under the name of the program that it takes the place of. */
export const backupServiceCommand: typeof serviceCommand = { ...serviceCommand, name: 'aerospike-backup-service' };
