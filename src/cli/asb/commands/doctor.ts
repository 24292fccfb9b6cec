import { securityValues } from '../../../config/auth/security-values.js';
import { type DoctorConfig, doctorSchema, toDoctorConfig } from '../../../config/catalog/doctor-config.js';
import { doctorOptions } from '../../../config/schema/catalog/doctor.js';
import { ToolError } from '../../../core/errors.js';
import type { CliSession, Command } from '../../command.js';

interface DoctorCommandConfig extends DoctorConfig {
  json: boolean;
}

export const doctorCommand: Command<typeof doctorOptions, DoctorCommandConfig> = {
  name: 'asb doctor',
  title: 'Aerospike Backup Catalog',
  summary:
    'Check whether a cluster and the places of backups are ready: access, versions, addresses, clocks, namespaces and privileges, and for each PATH, a directory or s3://BUCKET/PREFIX, the space and what may be done there: a small file is written, listed, read and deleted. Each problem comes with what to do about it. Exit code 1 if a check fails.',
  usage: '[PATH...] [options]',
  operands: { min: 0, max: Infinity, names: ['PATH'] },
  examples: [
    ['Before the first backup:', 'asb doctor /backups -h 10.0.0.1 -n test'],
    ['Before a restore from S3:', 'asb doctor s3://bucket/backups -h 10.0.0.1 --restore'],
    ['For a program:', 'asb doctor -h 10.0.0.1 --json'],
  ],
  options: doctorOptions,
  schema: doctorSchema,
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    ...toDoctorConfig(values, operands, dependencies),
    json: values.has('json'),
  }),
  securityValues: (values) => (values.has('no-cluster') ? undefined : securityValues(values)),
  readsStdin: () => false,
  run: async (config, session) => {
    try {
      await examine(config, session);
    } finally {
      await config.storages.close();
    }
  },
};

async function examine({ json, ...config }: DoctorCommandConfig, { stdout, signal }: CliSession): Promise<void> {
  const { CLOCK_NOTE, diagnose } = await import('../../../engine/doctor/diagnose.js');
  const { formatDiagnosisEnd, formatDiagnosisJson, formatFinding } = await import('../../../ui/catalog/doctor.js');
  const findings = await diagnose({
    ...config,
    signal,
    ...(json ? {} : { report: (finding) => stdout(formatFinding(finding)) }),
  });
  const notes = findings.some(({ check }) => check === 'clock') ? [CLOCK_NOTE] : [];
  stdout(json ? formatDiagnosisJson(findings, notes) : formatDiagnosisEnd(findings, notes));
  const failed = findings.filter(({ status }) => status === 'failed').length;
  if (failed > 0) throw new ToolError('DOCTOR_FAILED', `${failed} of ${findings.length} check(s) failed`);
}
