/** What the man pages say that is not in the option tables. `*bold*`, `_italic_`; a pair is a term and its meaning. */

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
  'Files in TOML can set what is not said on the command line. They are read in this order, and a later one wins: */etc/aerospike/astools.conf*, *$HOME/.aerospike/astools.conf*, the file of *--config-file*. The file of *--only-config-file* is read instead of these, with *--no-config-file* none.',
  `Options of the connection and of TLS stand in the section *[cluster]*, those of the secret agent in *[secret-agent]*, all others in *[${tool}]*. With *--instance* _X_, *[cluster_X]* takes the place of *[cluster]*, and *[${tool}_X]* and *[secret-agent_X]* are used where they exist. A key is the long name of the option. *[include]* names further files with *file* and *directory*.`,
  'The command line wins over all files: lists are replaced, a flag is switched off with *--flag=false*, and where several options answer the same question the command line decides which one does. An unknown key, a value out of bounds and a named file that is not there end the program before it has done anything.',
  'Nearly every value can be kept in the secret agent, in files and on the command line: *secrets:*_RESOURCE:KEY_ stands for it.',
];

const commonEnvironment: readonly Paragraph[] = [
  ['*HOME*', 'Where the second configuration file is looked for.'],
  [
    '*NO_COLOR*, *TERM*',
    'If *NO_COLOR* is not empty or *TERM* is *dumb*, nothing is drawn on the terminal: the log is plain lines.',
  ],
  [
    'Variables of your own',
    'The one that *--encryption-key-env* names holds a key in base64. *--password* and *--tls-keyfile-password* take *env:*_VAR_.',
  ],
];

const exitStatus: readonly Paragraph[] = [
  ['*0*', 'Everything asked for was done.'],
  ['*1*', 'Something was not. The last lines of the log with *[ERR]* say what is missing, and how to go on.'],
];

const log =
  'The log goes to standard error: _time_ GMT *[INF]* or *[ERR]*, with *--verbose* also *[VER]*, and the number of the thread. Standard output carries nothing but data, help and version.';

export const manText: Record<'asbackup' | 'asrestore', ManText> = {
  asbackup: {
    purpose: 'back up an Aerospike namespace',
    synopsis: [
      '*-n* _namespace_ *-d* _directory_ [_options_]',
      '*-n* _namespace_ *-o* _file_ [_options_]',
      '*-n* _namespace_ *--estimate* [_options_]',
      '*--remove-artifacts* (*-d* _directory_ | *-o* _file_)',
    ],
    description: [
      '*asbackup* reads the records of a namespace from an Aerospike cluster, with its secondary indexes and UDF modules, and writes them to a directory of files, to one file or to standard output. What it writes can be read by *asrestore*(1) and by the C tools of the same names.',
      'Records are read by partition. A connection or node that fails is gone around by asking the next replica for what is left. Records that are written during the backup may be in it or not.',
      'A backup that is interrupted, whatever by, can be finished: see *--continue*. Its state file is kept up to date during the run and deleted when the backup is complete.',
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
            'The files of *--directory*; the prefix is the namespace unless *--output-file-prefix* says otherwise. Indexes and UDF modules are in number 0.',
          ],
          [
            '_directory_/_prefix_*.asb.state*, _file_*.state*, _prefix_*.asb.state*',
            'The state of a backup that is not complete, for *--directory*, *--output-file* and standard output in this order; *--state-file-dst* puts it elsewhere. It holds no record and no key.',
          ],
        ],
      ],
      [
        'SIGNALS',
        [
          [
            '*SIGINT*, *SIGTERM*, *SIGHUP*',
            'The first stops the backup in order: what was read is written, the state is saved, and the log ends with what to type to go on from there. One that comes more than a fifth of a second later ends the program at once; even then, and after *SIGKILL* or a loss of power, the backup can be continued from the last checkpoint.',
          ],
          ['*SIGUSR1*', 'The log tells at once how far the run is.'],
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
      '*asrestore* writes the records, secondary indexes and UDF modules of a backup into an Aerospike cluster. It reads what *asbackup*(1) and the C tool of that name have written.',
      'Indexes and UDF modules that stand in front of the records are restored before any record. By default a record that exists is changed only if the backup has a higher generation of it, and bins that the backup does not have are kept: see *--unique*, *--replace* and *--no-generation*. A record that is new on the server begins with generation 1.',
      'Records that have expired are left out. What could not be restored is counted and named, and the exit status is 1 then.',
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
            'The first stops the restore in order: no more records are read, answers that are due are waited for, and the log says what was written. One that comes more than a fifth of a second later ends the program at once. A restore can be run again; records that are there already are left as they are.',
          ],
          ['*SIGUSR1*', 'The log tells at once how far the run is.'],
        ],
      ],
      ['EXIT STATUS', exitStatus],
    ],
    seeAlso: ['asbackup'],
  },
};
