/** Texts of the man pages that are not in the option tables. `*bold*`, `_italic_`; a pair is a term and its meaning. */

type Paragraph = string | readonly [string, string];

export interface ManText {
  /** After the name, in one line of `apropos`. */
  readonly purpose: string;
  readonly synopsis: readonly string[];
  readonly description: readonly Paragraph[];
  /** Between the options and the examples, in order. */
  readonly sections: readonly (readonly [string, readonly Paragraph[]])[];
  readonly seeAlso: readonly string[];
}

const configurationFiles = (tool: string): readonly Paragraph[] => [
  'TOML files can set the options that are not given on the command line. They are read in this order, and a later one overrides an earlier one: */etc/aerospike/astools.conf*, *$HOME/.aerospike/astools.conf*, the file of *--config-file*. The file of *--only-config-file* is read instead of these; with *--no-config-file* none is read.',
  `Options of the connection and of TLS belong to the section *[cluster]*, those of the secret agent to *[secret-agent]*, all others to *[${tool}]*. With *--instance* _X_, *[cluster_X]* replaces *[cluster]*, and *[${tool}_X]* and *[secret-agent_X]* are used if they exist. A key is the long name of the option. *[include]* names further files with *file* and *directory*.`,
  'The command line overrides environment variables, and these override all files: the command line replaces lists, *--flag=false* switches a flag off, and of options that exclude each other the one on the command line counts. An unknown key, a value out of bounds and a named file that does not exist end the program before it has done anything.',
  'Nearly every value, in files and on the command line, can be a reference to the secret agent: *secrets:*_RESOURCE:KEY_.',
];

const commonEnvironment: readonly Paragraph[] = [
  ['*HOME*', 'The directory of the second configuration file.'],
  [
    '*NO_COLOR*, *TERM*',
    'If *NO_COLOR* is not empty or *TERM* is *dumb*, no progress bar is drawn; the log has lines only.',
  ],
  [
    '*ASTOOLS_*...',
    'Set an option; those that have a variable name it. They override configuration files, and the command line overrides them.',
  ],
  [
    'Custom environment variables',
    'The variable that *--encryption-key-env* names has a key in base64. *--password* and *--tls-keyfile-password* accept *env:*_VAR_.',
  ],
];

const exitStatus: readonly Paragraph[] = [
  ['*0*', 'Everything asked for was done.'],
  ['*1*', 'Something was not done. The last lines of the log with *[ERR]* say what is missing and how to go on.'],
];

const log =
  'The log goes to standard error: _time_ GMT *[INF]* or *[ERR]*, with *--verbose* also *[VER]*, and the number of the thread. Standard output has nothing but data, help and version.';

export const manText: Readonly<Record<string, ManText>> = {
  asbackup: {
    purpose: 'back up an Aerospike namespace',
    synopsis: [
      '*-n* _namespace_ *-d* _directory_ [_options_]',
      '*-n* _namespace_ *-o* _file_ [_options_]',
      '*-n* _namespace_ *--estimate* [_options_]',
      '*--remove-artifacts* (*-d* _directory_ | *-o* _file_)',
    ],
    description: [
      '*asbackup* reads the records of a namespace from an Aerospike cluster, with its secondary indexes and UDF modules, and writes them to a directory of files, to one file or to standard output. *asrestore*(1) and the C tool of that name read its files.',
      'Records are read by partition. If a connection or node fails, the scan continues on the next replica. Records that are written during the backup may be in it or not.',
      'An interrupted backup can be finished, also after a crash or a loss of power: see *--continue*. The state file is updated during the run and deleted when the backup is complete. Only one run at a time can use a target; a second one fails and changes nothing.',
      log,
    ],
    sections: [
      ['CONFIGURATION FILES', configurationFiles('asbackup')],
      ['ENVIRONMENT', [...commonEnvironment, ['*TZ*', 'Time zone of *--modified-after* and *--modified-before*.']]],
      [
        'FILES',
        [
          [
            '_directory_/_prefix_*_00000.asb*, ...',
            'The files of *--directory*; the prefix is the namespace unless *--output-file-prefix* is given. Indexes and UDF modules are in number 0.',
          ],
          [
            '_directory_/_prefix_*.asb.state*, _file_*.state*, _prefix_*.asb.state*',
            'The state of a backup that is not complete, for *--directory*, *--output-file* and standard output in this order; *--state-file-dst* names another path. It contains no record and no key.',
          ],
          [
            '_directory_/*asbackup.lock*, _file_*.lock*',
            'The lock of a run that uses the target. A lock that is left behind is replaced by the next run.',
          ],
        ],
      ],
      [
        'SIGNALS',
        [
          [
            '*SIGINT*, *SIGTERM*, *SIGHUP*',
            '*SIGHUP* counts only while standard input, output or error is a terminal. The first one stops the backup: the records that were read are written, the state is saved, and the log ends with the command that continues the backup. Another one, more than 200 ms later, ends the program at once; even then, and after *SIGKILL* or a loss of power, the backup can be continued from the last checkpoint.',
          ],
          ['*SIGUSR1*', 'Prints the progress.'],
        ],
      ],
      [
        'S3',
        [
          's3://_bucket_/_key_ is accepted wherever a path is. Credentials and region come from the sources of the AWS SDK: options, environment, profiles, and the metadata of containers and instances.',
          [
            'Permissions of *asbackup*',
            's3:PutObject, s3:GetObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts on the objects; s3:ListBucket and s3:ListBucketMultipartUploads on the bucket.',
          ],
          [
            'Permissions of *asrestore*',
            's3:GetObject on the objects, s3:ListBucket on the bucket; s3:ListBucketMultipartUploads to report unfinished uploads.',
          ],
        ],
      ],
      [
        'GOOGLE CLOUD STORAGE',
        [
          'gs://_bucket_/_key_ is accepted wherever a path is. Credentials are the key file of a service account, or Application Default Credentials.',
          ['Role of *asbackup*', 'Storage Object User (roles/storage.objectUser) on the bucket.'],
          ['Role of *asrestore*', 'Storage Object Viewer (roles/storage.objectViewer) on the bucket.'],
        ],
      ],
      [
        'AZURE',
        [
          'azblob://_container_/_key_ is accepted wherever a path is. Credentials are the account key, a registered application, a SAS in the endpoint, or what DefaultAzureCredential finds; the last two but the SAS need the package @azure/identity.',
          ['Role of *asbackup*', 'Storage Blob Data Contributor on the container; of a SAS the permissions racwdl.'],
          ['Role of *asrestore*', 'Storage Blob Data Reader on the container; of a SAS the permissions rl.'],
        ],
      ],
      ['EXIT STATUS', exitStatus],
    ],
    seeAlso: ['asrestore', 'zstd', 'openssl'],
  },
  asrestore: {
    purpose: 'restore a backup into an Aerospike cluster',
    synopsis: [
      '*-d* _directory_ [_options_]',
      '*-i* _file_ [_options_]',
      '*--directory-list* _directory,..._ [_options_]',
      '*--validate* (*-d* _directory_ | *-i* _file_) [_options_]',
    ],
    description: [
      '*asrestore* writes the records, secondary indexes and UDF modules of a backup into an Aerospike cluster. It reads the files of *asbackup*(1) and of the C tool of that name.',
      'Indexes and UDF modules at the head of the files are restored before any record. By default an existing record is changed only if its generation in the backup is greater, and bins that the backup does not have stay: see *--unique*, *--replace* and *--no-generation*. A new record begins with generation 1.',
      'Records that have expired are left out. Whatever could not be restored is counted and named, and the exit status is 1. So it is if parts of the backup are known to be missing; what is there is restored.',
      log,
    ],
    sections: [
      ['CONFIGURATION FILES', configurationFiles('asrestore')],
      ['ENVIRONMENT', commonEnvironment],
      [
        'FILES',
        [
          [
            '_directory_/..._.asb_',
            'The files of *--directory* and *--directory-list*: every name that ends in *.asb*, without directories below. They are only read.',
          ],
        ],
      ],
      [
        'SIGNALS',
        [
          [
            '*SIGINT*, *SIGTERM*, *SIGHUP*',
            '*SIGHUP* counts only while standard input, output or error is a terminal. The first one stops the restore: no more records are read, outstanding answers are awaited, and the log says what was written. Another one, more than 200 ms later, ends the program at once. A restore can be run again; records that are there already stay as they are.',
          ],
          ['*SIGUSR1*', 'Prints the progress.'],
        ],
      ],
      ['EXIT STATUS', exitStatus],
    ],
    seeAlso: ['asbackup'],
  },
  'aerospike-backup-service': {
    purpose: 'back Aerospike clusters up by schedule, with a REST API',
    synopsis: ['*-c* _file_|_URL_ [*-r*] [_options_]'],
    description: [
      '*aerospike-backup-service* runs the routines of its configuration: full and incremental backups of clusters at their times, and their retention. Its REST API changes the configuration, starts and cancels backups, lists them, and restores them.',
      'The configuration, the API and the layout of the files are those of the Aerospike Backup Service, whose place the program can take. *asb service* is the same program.',
      'SIGTERM or SIGINT ends it: runs that cannot end within ten seconds leave a checkpoint, from which they go on after the next start.',
      'The log goes to where *service.logger* of the configuration says, by default to standard output; what prevents the start, to standard error.',
    ],
    sections: [
      [
        'FILES',
        [
          [
            '_/etc/aerospike-backup-service/aerospike-backup-service.yml_',
            'Where the configuration usually is. It is rewritten, with mode 0600, when it is changed through the API.',
          ],
        ],
      ],
      [
        'EXIT STATUS',
        [
          ['*0*', 'The service was told to end, or the configuration is right.'],
          ['*1*', 'It could not start, or something is wrong with the configuration. The last lines say what.'],
        ],
      ],
    ],
    seeAlso: ['asb', 'asbackup', 'asrestore'],
  },
};
