/** The remedies that errors name, in the terms of each front end. */
import type { ErrorDetails } from '../core/errors.js';
import type { FrontEnd, HintId } from '../core/hint.js';

export type { FrontEnd };

/** `rest` falls back on `api`. `{name}` stands for a detail of the error. */
interface HintTexts {
  cli: string;
  api: string;
  rest?: string;
}

const HINTS: Readonly<Record<HintId, HintTexts>> = {
  'allow-incomplete': {
    cli: 'With --allow-incomplete, a backup of which parts are missing is restored without an error.',
    api: 'With allowIncomplete, a backup of which parts are missing is restored without an error.',
  },
  'check-filter-exp': {
    cli: 'The expression of --filter-exp is not valid.',
    api: 'The expression of filterExp is not valid.',
  },
  'change-s3-part-size': {
    cli: 'Give another --s3-min-part-size.',
    api: 'Set another s3.minPartBytes.',
    rest: 'Set another min-part-size.',
  },
  'check-s3-endpoint': {
    cli: 'Check --s3-endpoint-override and --s3-region, and whether the service runs.',
    api: 'Check s3.endpoint and s3.region, and whether the service runs.',
    rest: 'Check s3-endpoint-override and s3-region, and whether the service runs.',
  },
  'check-s3-network': {
    cli: 'Check the network, --s3-connect-timeout and the proxy, if there is one.',
    api: 'Check the network, s3.connectTimeoutMs and the proxy, if there is one.',
    rest: 'Check the network, the connect timeout and the proxy, if there is one.',
  },
  'build-zstd': {
    cli: 'Run "npm rebuild zstd-napi --ignore-scripts=false" in the directory of this package, or use Node.js 22.15 or later; backups without --compress need neither.',
    api: 'Run "npm rebuild zstd-napi --ignore-scripts=false" in the directory of this package, or use Node.js 22.15 or later; backups without compression need neither.',
  },
  'check-codecs': {
    cli: 'Set --compress and --encrypt as for the backup.',
    api: 'Set compress and encrypt as for the backup.',
  },
  'decompress-first': {
    cli: 'Decompress the file first with zstd -d --long=31.',
    api: 'Decompress the file first with zstd -d --long=31.',
  },
  'install-zstd': {
    cli: 'Run "npm install --no-save --omit=dev --ignore-scripts=false zstd-napi" in the directory of this package, or use Node.js 22.15 or later; backups without --compress need neither.',
    api: 'Run "npm install --no-save --omit=dev --ignore-scripts=false zstd-napi" in the directory of this package, or use Node.js 22.15 or later; backups without compression need neither.',
  },
  'check-seeds': {
    cli: 'Check --host and --port.',
    api: 'Check hosts and port.',
    rest: 'Check seed-nodes.',
  },
  'check-tls': {
    cli: 'Check --tls-enable and --tls-cafile.',
    api: 'Check tls.',
  },
  'continue-backup': {
    cli: 'Continue it with --continue {statePath} and otherwise the same options, without --remove-files.',
    api: 'Continue it with continueFrom: {statePath} and otherwise the same settings, without removeFiles.',
  },
  'continue-pipe': {
    cli: 'Cut what has arrived to its first {sharedBytes} byte(s), and append to it the output of the same command with --continue {statePath}.',
    api: 'Cut what has arrived to its first {sharedBytes} byte(s), and append to it what the same backup writes with continueFrom: {statePath}.',
  },
  'incomplete-backup': {
    cli: 'Look for the missing files; asrestore --allow-incomplete restores what is there.',
    api: 'Look for the missing files; restore() with allowIncomplete restores what is there.',
  },
  'move-state-file': {
    cli: 'Name another file with --state-file-dst.',
    api: 'Name another file with stateFile.',
  },
  'omit-metadata': {
    cli: 'To restore without it, give --no-indexes or --no-udfs.',
    api: 'To restore without it, set noIndexes or noUdfs.',
  },
  'overlapping-directories': {
    cli: 'With --apply-increment, the directories are restored in the given order and later ones win; with --unique, the first one wins.',
    api: 'With applyIncrement, the directories are restored in the given order and later ones win; with unique, the first one wins.',
  },
  'read-pipe': {
    cli: 'A pipe can be read with --input-file.',
    api: 'A pipe can be read with file.',
  },
  'repeat-options': {
    cli: 'Continue with the options of the first run.',
    api: 'Continue with the settings of the first run.',
  },
  'replace-file': {
    cli: 'Give --remove-files to replace it.',
    api: 'Set removeFiles to replace it.',
  },
  'replace-files': {
    cli: 'Give --remove-files to replace them.',
    api: 'Set removeFiles to replace them.',
  },
  'replace-own-files': {
    cli: '--remove-files replaces those named {prefix}_NNNNN.asb and leaves {others} other(s) where they are; better choose another directory.',
    api: 'removeFiles replaces those named {prefix}_NNNNN.asb and leaves {others} other(s) where they are; better choose another directory.',
  },
  'grant-s3-permissions': {
    cli: 'The section S3 of the manual page asbackup(1) lists the permissions that are needed.',
    api: 'The section S3 of the manual page asbackup(1) lists the permissions that are needed.',
  },
  'name-file-or-directory': {
    cli: 'Give a directory with --directory, and a file with --output-file.',
    api: 'Name a directory as directory, and a file as file.',
  },
  'set-credentials': {
    cli: 'Give --user and --password.',
    api: 'Give auth.user and auth.password.',
  },
  'source-namespace': {
    cli: 'Give --namespace FROM,TO with the namespace of the backup as FROM.',
    api: 'Set namespace to { from, to } with the namespace of the backup as from.',
  },
  'start-again': {
    cli: 'Start it again.',
    api: 'Start it again.',
  },
  'start-again-removing': {
    cli: 'Run again with --remove-files.',
    api: 'Run again with removeFiles.',
  },
  'set-s3-credentials': {
    cli: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile that --s3-profile names.',
    api: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile that s3.profile names.',
    rest: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile that s3-profile names.',
  },
  'set-s3-region': {
    cli: 'Give its region with --s3-region, or --s3-endpoint-override for a service other than AWS.',
    api: 'Set s3.region, or s3.endpoint for a service other than AWS.',
    rest: 'Set s3-region, or s3-endpoint-override for a service other than AWS.',
  },
  'use-key-file': {
    cli: 'Write the text to a file and give --encryption-key-file.',
    api: 'Give the text as encrypt.keyPem, or write it to a file and give encrypt.keyFile.',
  },
  'use-services-alternate': {
    cli: 'If the nodes have alternate addresses for clients outside, give --services-alternate.',
    api: 'If the nodes have alternate addresses for clients outside, set servicesAlternate.',
    rest: 'If the nodes have alternate addresses for clients outside, set use-services-alternate.',
  },
  'write-directory': {
    cli: 'Use --directory, which writes several files.',
    api: 'Write to a directory, which gets several files.',
  },
};

/** One or two sentences that describe what the user can do. */
export function hintText(hint: HintId, frontEnd: FrontEnd, details: ErrorDetails = {}): string {
  const texts = HINTS[hint];
  const text = frontEnd === 'rest' ? (texts.rest ?? texts.api) : texts[frontEnd];
  return text.replace(/\{(\w+)\}/g, (_all, name: string) => String(details[name] ?? ''));
}

/** What has to be done first after a fault of the system, by the code of the error. */
const REMEDIES: Readonly<Record<string, string>> = {
  IO_ENOSPC: 'Free space on the disk.',
  IO_EDQUOT: 'Free space within the quota.',
  IO_EFBIG: 'Allow larger files there.',
  IO_EROFS: 'Make the file system writable again.',
  IO_EACCES: 'Give this user write permission again.',
  IO_EPERM: 'Give this user write permission again.',
  IO_EIO: 'Have the disk checked.',
};

export function remedyText(code: string): string | undefined {
  return REMEDIES[code];
}
