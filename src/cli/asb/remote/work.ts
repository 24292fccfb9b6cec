/** What is done with a backup that exists. */
import {
  remoteCopyOptions,
  remoteDeleteOptions,
  remoteHoldOptions,
  remoteShowOptions,
  remoteVerifyOptions,
} from '../../../config/schema/catalog/remote.js';
import type { Job } from '../../../service/v2/schema/job.js';
import { formatCopyJob, formatVerifyJob } from '../../../ui/catalog/remote.js';
import { backupPath, createRemoteCommand, followWork } from './remote-command.js';

const oneBackup = { min: 1, max: 1, names: ['STORAGE/ID'] } as const;

export const remoteVerifyCommand = createRemoteCommand({
  command: 'verify',
  summary: 'Let the service compare a backup with its checksums, and read its records.',
  usage: 'STORAGE/ID [options]',
  operands: oneBackup,
  examples: [['Every byte and record:', 'asb --service http://backup:8080 verify s3/before-release']],
  options: remoteVerifyOptions,
  run: async ({ values, operands, client, session }) => {
    const query = { routine: values.get('routine') };
    const body = values.has('checksums-only') ? { 'checksums-only': true } : {};
    const begun = await client.request<Job>('POST', backupPath(operands[0]!, 'verify'), { query, body });
    const work = { path: `/v2/jobs/${encodeURIComponent(begun.id)}`, waits: !values.has('no-wait') };
    await followWork(begun, { ...work, json: values.has('json'), format: formatVerifyJob }, { client, session });
  },
});

export const remoteCopyCommand = createRemoteCommand({
  command: 'copy',
  summary: 'Let the service copy a backup to another of its storages.',
  usage: 'STORAGE/ID STORAGE [options]',
  operands: { min: 2, max: 2, names: ['STORAGE/ID', 'STORAGE'] },
  examples: [['To a second storage:', 'asb --service http://backup:8080 copy s3/before-release gcs']],
  options: remoteCopyOptions,
  run: async ({ values, operands, client, session }) => {
    const query = { routine: values.get('routine') };
    const begun = await client.request<Job>('POST', backupPath(operands[0]!, 'copy'), {
      query,
      body: { to: operands[1] },
    });
    const work = { path: `/v2/jobs/${encodeURIComponent(begun.id)}`, waits: !values.has('no-wait') };
    await followWork(begun, { ...work, json: values.has('json'), format: formatCopyJob }, { client, session });
  },
});

export const remoteHoldCommand = createRemoteCommand({
  command: 'hold',
  summary: 'Keep a backup from being deleted.',
  usage: 'STORAGE/ID [options]',
  operands: oneBackup,
  examples: [['For an audit:', 'asb --service http://backup:8080 hold s3/before-release --reason "annual audit"']],
  options: remoteHoldOptions,
  run: async ({ values, operands, client }) => {
    const reason = values.get('reason');
    await client.request('POST', backupPath(operands[0]!, 'hold'), {
      query: { routine: values.get('routine') },
      body: reason === undefined ? {} : { reason },
    });
  },
});

export const remoteReleaseCommand = createRemoteCommand({
  command: 'release',
  summary: 'End a hold: the backup may be deleted again.',
  usage: 'STORAGE/ID [options]',
  operands: oneBackup,
  examples: [['After the audit:', 'asb --service http://backup:8080 release s3/before-release']],
  options: remoteShowOptions,
  run: async ({ values, operands, client }) => {
    await client.request('POST', backupPath(operands[0]!, 'release'), { query: { routine: values.get('routine') } });
  },
});

export const remoteDeleteCommand = createRemoteCommand({
  command: 'delete',
  summary: 'Delete a backup; its id is never used again.',
  usage: 'STORAGE/ID [options]',
  operands: oneBackup,
  examples: [['With all that builds on it:', 'asb --service http://backup:8080 delete s3/before-release --cascade']],
  options: remoteDeleteOptions,
  run: async ({ values, operands, client }) => {
    const query = { routine: values.get('routine'), ...(values.has('cascade') ? { cascade: true } : {}) };
    await client.request('DELETE', backupPath(operands[0]!), { query });
  },
});
