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
  'allow-external-insecure': {
    cli: 'Give --tls-enable; --auth EXTERNAL_INSECURE sends the password unencrypted.',
    api: 'Set tls; auth.mode EXTERNAL_INSECURE sends the password unencrypted.',
  },
  'allow-incomplete': {
    cli: 'With --allow-incomplete, a backup of which parts are missing is restored without an error.',
    api: 'With allowIncomplete, a backup of which parts are missing is restored without an error.',
  },
  'allow-storage-access': {
    cli: 'Let this user write, list, read and delete files there.',
    api: 'Let this user write, list, read and delete files there.',
  },
  'build-zstd': {
    cli: 'Run "npm_config_build_from_source=true npm rebuild zstd-napi --ignore-scripts=false" in the directory of this package, or use Node.js 22.15 or later; backups without --compress need neither.',
    api: 'Run "npm_config_build_from_source=true npm rebuild zstd-napi --ignore-scripts=false" in the directory of this package, or use Node.js 22.15 or later; backups without compression need neither.',
  },
  'change-s3-part-size': {
    cli: 'Give another --s3-min-part-size.',
    api: 'Set another s3.minPartBytes.',
    rest: 'Set another min-part-size.',
  },
  'check-auth-mode': {
    cli: 'Check --auth.',
    api: 'Check auth.mode.',
  },
  'check-azure-endpoint': {
    cli: 'Check --azure-endpoint and --azure-account-name.',
    api: 'Check azure.endpoint and azure.accountName.',
  },
  'check-certificate': {
    cli: 'Check --tls-certfile.',
    api: 'Check tls.cert or tls.certFile.',
  },
  'check-cluster': {
    cli: 'Look into the log of the servers, and try again.',
    api: 'Look into the log of the servers, and try again.',
  },
  'check-codecs': {
    cli: 'Set --compress and --encrypt as for the backup.',
    api: 'Set compress and encrypt as for the backup.',
  },
  'check-credentials': {
    cli: 'Check --user, --password and --auth.',
    api: 'Check auth.',
  },
  'check-filter-exp': {
    cli: 'The expression of --filter-exp is not valid.',
    api: 'The expression of filterExp is not valid.',
  },
  'check-gcs-endpoint': {
    cli: 'Check the network and --gcp-endpoint-override.',
    api: 'Check the network and gcs.endpoint.',
  },
  'check-network': {
    cli: 'Check the network and the proxy, if there is one.',
    api: 'Check the network and the proxy, if there is one.',
  },
  'check-node-addresses': {
    cli: 'Open the network to the addresses of the nodes, run where they can be reached, or give the nodes access-address or alternate-access-address in their configuration.',
    api: 'Open the network to the addresses of the nodes, run where they can be reached, or give the nodes access-address or alternate-access-address in their configuration.',
  },
  'check-path': {
    cli: 'Check the path.',
    api: 'Check the path.',
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
  'check-seeds': {
    cli: 'Check --host and --port.',
    api: 'Check hosts and port.',
    rest: 'Check seed-nodes.',
  },
  'check-seeds-and-tls': {
    cli: 'Check --host and --port; a port for TLS needs --tls-enable.',
    api: 'Check hosts and port; a port for TLS needs tls.',
    rest: 'Check seed-nodes; a port for TLS needs tls.',
  },
  'check-tls': {
    cli: 'Check --tls-enable and --tls-cafile.',
    api: 'Check tls.',
  },
  'check-tls-agreement': {
    cli: 'Check --tls-cipher-suite, --tls-protocols and --tls-certfile.',
    api: 'Check tls.ciphers, tls.protocols and tls.cert.',
  },
  'check-tls-ca': {
    cli: 'Check --tls-cafile and --tls-capath.',
    api: 'Check tls.ca, tls.caFile and tls.caPath.',
  },
  'check-tls-ciphers': {
    cli: '`openssl ciphers` lists the names for --tls-cipher-suite; check --tls-protocols, too.',
    api: '`openssl ciphers` lists the names for tls.ciphers; check tls.protocols, too.',
  },
  'check-tls-key': {
    cli: 'Check --tls-keyfile, --tls-certfile and --tls-cafile.',
    api: 'Check tls.key, tls.cert and tls.ca.',
  },
  'check-tls-key-password': {
    cli: 'Check --tls-keyfile-password.',
    api: 'Check tls.keyPassword.',
  },
  'check-tls-name': {
    cli: 'Check --tls-name.',
    api: 'Check tls.name.',
  },
  'check-tls-port': {
    cli: 'Check the port, or leave out --tls-enable.',
    api: 'Check the port, or leave out tls.',
  },
  'check-tls-versions': {
    cli: 'Check --tls-protocols.',
    api: 'Check tls.protocols.',
  },
  'continue-backup': {
    cli: 'Continue it with --continue {statePath} and otherwise the same options, without --remove-files.',
    api: 'Continue it with continueFrom: {statePath} and otherwise the same settings, without removeFiles.',
  },
  'continue-catalog-backup': {
    cli: 'Continue it with --id {id} --continue and otherwise the same options.',
    api: "Continue it with id: '{id}', continue: true and otherwise the same settings.",
  },
  'continue-or-replace': {
    cli: 'Give --continue {statePath} to finish that backup, or --remove-files to replace it.',
    api: 'Set continueFrom: {statePath} to finish that backup, or removeFiles to replace it.',
  },
  'continue-pipe': {
    cli: 'Cut what has arrived to its first {sharedBytes} byte(s), and append to it the output of the same command with --continue {statePath}.',
    api: 'Cut what has arrived to its first {sharedBytes} byte(s), and append to it what the same backup writes with continueFrom: {statePath}.',
  },
  'decompress-first': {
    cli: 'Decompress the file first with zstd -d --long=31.',
    api: 'Decompress the file first with zstd -d --long=31.',
  },
  'delete-cascade': {
    cli: 'With --cascade, they are deleted, too.',
    api: 'With cascade, they are deleted, too.',
  },
  'delete-unreadable': {
    cli: 'Read it with asb show, and delete it first if it is of no use any more.',
    api: 'Delete it first if it is of no use any more.',
  },
  'disable-batch-writes': {
    cli: 'Give --disable-batch-writes.',
    api: 'Set disableBatchWrites.',
  },
  'enable-expiry': {
    cli: 'Set nsup-period of the namespace, or allow-ttl-without-nsup.',
    api: 'Set nsup-period of the namespace, or allow-ttl-without-nsup.',
  },
  'enable-tls': {
    cli: 'Give --tls-enable.',
    api: 'Set tls.',
  },
  'fewer-shards': {
    cli: 'Give a smaller N in --shard I/N.',
    api: 'Set a smaller count in shard.',
  },
  'end-evictions': {
    cli: 'Add memory or disk, or raise the limits of the namespace for evictions; what was evicted is in no later backup.',
    api: 'Add memory or disk, or raise the limits of the namespace for evictions; what was evicted is in no later backup.',
  },
  'end-stop-writes': {
    cli: 'Add memory or disk, or raise the stop-writes limits of the namespace; backups work meanwhile, restores do not.',
    api: 'Add memory or disk, or raise the stop-writes limits of the namespace; backups work meanwhile, restores do not.',
  },
  'estimate-size': {
    cli: 'Find out the size with asbackup --estimate; compression makes it smaller.',
    api: 'Find out the size with an estimate; compression makes it smaller.',
  },
  'finish-upgrade': {
    cli: 'Finish the upgrade of the nodes.',
    api: 'Finish the upgrade of the nodes.',
  },
  'free-space': {
    cli: 'Free space, or choose another place.',
    api: 'Free space, or choose another place.',
  },
  'grant-azure-permissions': {
    cli: 'The section AZURE of the manual page asbackup(1) lists the roles that are needed.',
    api: 'The section AZURE of the manual page asbackup(1) lists the roles that are needed.',
  },
  'grant-gcs-permissions': {
    cli: 'The section GOOGLE CLOUD STORAGE of the manual page asbackup(1) lists the roles that are needed.',
    api: 'The section GOOGLE CLOUD STORAGE of the manual page asbackup(1) lists the roles that are needed.',
  },
  'grant-read': {
    cli: 'Grant the user the role read.',
    api: 'Grant the user the role read.',
  },
  'grant-s3-permissions': {
    cli: 'The section S3 of the manual page asbackup(1) lists the permissions that are needed.',
    api: 'The section S3 of the manual page asbackup(1) lists the permissions that are needed.',
  },
  'grant-sindex-admin': {
    cli: 'Grant the user the role sindex-admin, or restore with --no-indexes.',
    api: 'Grant the user the role sindex-admin, or restore with noIndexes.',
  },
  'grant-udf-admin': {
    cli: 'Grant the user the role udf-admin, or restore with --no-udfs.',
    api: 'Grant the user the role udf-admin, or restore with noUdfs.',
  },
  'grant-write': {
    cli: 'Grant the user the role read-write.',
    api: 'Grant the user the role read-write.',
  },
  'incomplete-backup': {
    cli: 'Look for the missing files; asrestore --allow-incomplete restores what is there.',
    api: 'Look for the missing files; restore() with allowIncomplete restores what is there.',
  },
  'install-zstd': {
    cli: 'Run "npm_config_build_from_source=true npm install --no-save --omit=dev --ignore-scripts=false zstd-napi" in the directory of this package, or use Node.js 22.15 or later; backups without --compress need neither.',
    api: 'Run "npm_config_build_from_source=true npm install --no-save --omit=dev --ignore-scripts=false zstd-napi" in the directory of this package, or use Node.js 22.15 or later; backups without compression need neither.',
  },
  'keep-base': {
    cli: 'Write to another directory, or delete the increments with asb delete first.',
    api: 'Write to another directory, or delete the increments first.',
  },
  'lower-batch-size': {
    cli: 'Lower --batch-size.',
    api: 'Lower batchSize.',
  },
  'move-state-file': {
    cli: 'Name another file with --state-file-dst.',
    api: 'Name another file with stateFile.',
  },
  'name-file-or-directory': {
    cli: 'Give a directory with --directory, and a file with --output-file.',
    api: 'Name a directory as directory, and a file as file.',
  },
  'name-namespace': {
    cli: 'Give --namespace.',
    api: 'Set namespace.',
  },
  'omit-credentials': {
    cli: 'Leave out --user.',
    api: 'Leave out auth.',
  },
  'omit-metadata': {
    cli: 'To restore without it, give --no-indexes or --no-udfs.',
    api: 'To restore without it, set noIndexes or noUdfs.',
  },
  'omit-services-alternate': {
    cli: 'Leave out --services-alternate, or give every node an alternate-access-address.',
    api: 'Leave out servicesAlternate, or give every node an alternate-access-address.',
  },
  'on-existing': {
    cli: 'With --on-existing, say what becomes of them: merge, replace, create-only or overwrite.',
    api: 'With onExisting, say what becomes of them: merge, replace, create-only or overwrite.',
  },
  'other-backup-id': {
    cli: 'Choose another id, leave out --id, or finish that backup with --continue.',
    api: 'Choose another id, leave it out, or finish that backup with continue: true.',
  },
  'overlapping-directories': {
    cli: 'With --apply-increment, the directories are restored in the given order and later ones win; with --unique, the first one wins.',
    api: 'With applyIncrement, the directories are restored in the given order and later ones win; with unique, the first one wins.',
  },
  'raise-total-timeout': {
    cli: 'Raise --total-timeout.',
    api: 'Raise totalTimeoutMs.',
  },
  'read-pipe': {
    cli: 'A pipe can be read with --input-file.',
    api: 'A pipe can be read with file.',
  },
  'recover-partitions': {
    cli: 'Bring the missing nodes back; with strong consistency, see revive and recluster in the manual of the server.',
    api: 'Bring the missing nodes back; with strong consistency, see revive and recluster in the manual of the server.',
  },
  'rehydrate-azure': {
    cli: 'With --azure-access-tier, asrestore moves it to another tier and waits.',
    api: 'With azure.accessTier, a restore moves it to another tier and waits.',
  },
  'remove-all-shards': {
    cli: 'Write to a new directory, or remove the backup with --remove-artifacts --directory {path} first.',
    api: 'Write to a new directory, or delete the backup in {path} first.',
  },
  'release-hold': {
    cli: 'End the hold with asb release.',
    api: 'End the hold with asb release.',
  },
  'remove-state': {
    cli: 'Remove the state file by hand, so that the backup does not look interrupted.',
    api: 'Remove the state file by hand, so that the backup does not look interrupted.',
  },
  'repeat-options': {
    cli: 'Continue with the options of the first run.',
    api: 'Continue with the settings of the first run.',
  },
  'replace-all-files': {
    cli: '--remove-files deletes all of them, also the {others} that are not named {prefix}_NNNNN.asb; better choose another directory.',
    api: 'removeFiles deletes all of them, also the {others} that are not named {prefix}_NNNNN.asb; better choose another directory.',
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
  'restore-first-shard': {
    cli: 'Run the restore with --shard 0/N, which restores them; or give --shard-wait more seconds, or --no-indexes and --no-udfs.',
    api: 'Run the restore of the first shard, which restores them; or set shardWaitS higher, or noIndexes and noUdfs.',
  },
  'restore-s3': {
    cli: 'With --s3-tier, asrestore restores it for a day and waits.',
    api: 'With s3.tier, a restore restores it for a day and waits.',
  },
  'run-shard-again': {
    cli: 'Run the same command again, without --remove-files: the shard continues.',
    api: 'Run it again with the same settings, without removeFiles: the shard continues.',
  },
  'set-azure-account': {
    cli: 'Give --azure-account-name or --azure-endpoint.',
    api: 'Set azure.accountName or azure.endpoint.',
  },
  'set-azure-credentials': {
    cli: 'Check --azure-account-name and --azure-account-key, the SAS of --azure-endpoint, or --azure-tenant-id, --azure-client-id and --azure-client-secret.',
    api: 'Check azure.accountName and azure.accountKey, the SAS of azure.endpoint, or azure.tenantId, azure.clientId and azure.clientSecret.',
  },
  'set-certificate': {
    cli: 'Give --tls-certfile and --tls-keyfile.',
    api: 'Give tls.cert and tls.key.',
  },
  'set-clocks': {
    cli: 'Set the clocks with NTP or chrony.',
    api: 'Set the clocks with NTP or chrony.',
  },
  'set-credentials': {
    cli: 'Give --user and --password.',
    api: 'Give auth.user and auth.password.',
  },
  'set-gcs-credentials': {
    cli: 'Check --gcp-key-path, or GOOGLE_APPLICATION_CREDENTIALS.',
    api: 'Check gcs.keyFile, or GOOGLE_APPLICATION_CREDENTIALS.',
  },
  'set-s3-credentials': {
    cli: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, --s3-access-key-id and --s3-secret-access-key, or the profile that --s3-profile names.',
    api: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile that s3.profile names.',
    rest: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile that s3-profile names.',
  },
  'set-s3-region': {
    cli: 'Give its region with --s3-region, or --s3-endpoint-override for a service other than AWS.',
    api: 'Set s3.region, or s3.endpoint for a service other than AWS.',
    rest: 'Set s3-region, or s3-endpoint-override for a service other than AWS.',
  },
  'set-tls-name': {
    cli: 'Give --tls-name or HOST:TLSNAME:PORT.',
    api: 'Give tls.name or the tlsName of the host.',
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
  'upgrade-server': {
    cli: 'Upgrade the servers.',
    api: 'Upgrade the servers.',
  },
  'use-key-file': {
    cli: 'Write the text to a file and give --encryption-key-file.',
    api: 'Give the text as encrypt.keyPem, or write it to a file and give encrypt.keyFile.',
  },
  'use-other-id': {
    cli: 'Choose another name, or remove tombstone.json if this one is to be used again.',
    api: 'Choose another name, or remove tombstone.json if this one is to be used again.',
  },
  'wait-for-reader': {
    cli: 'Try again when the restore, copy or served backup has ended.',
    api: 'Try again when the restore, copy or served backup has ended.',
  },
  'use-plain-port': {
    cli: 'Give --tls-enable and --tls-cafile, or use the port without TLS.',
    api: 'Set tls, or use the port without TLS.',
  },
  'use-services-alternate': {
    cli: 'If the nodes have alternate addresses for clients outside, give --services-alternate.',
    api: 'If the nodes have alternate addresses for clients outside, set servicesAlternate.',
    rest: 'If the nodes have alternate addresses for clients outside, set use-services-alternate.',
  },
  'wait-for-migrations': {
    cli: 'Wait until the migrations have ended.',
    api: 'Wait until the migrations have ended.',
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
