/** Configuration files and secrets. */
import { asbackup, asrestore, backup, type Case } from './case.js';
import { uniform } from './data.js';

/** A backup that fails at once, if it gets so far. */
const RUN = '-n test -o - -h 127.0.0.1 -p 1';

function broken(name: string, says: string, text: string | Buffer, more: Readonly<Record<string, string>> = {}): Case {
  return {
    name: `config-${name}`,
    says,
    files: { 'astools.conf': text, ...more },
    steps: [asbackup(`--only-config-file astools.conf ${RUN}`)],
  };
}

export const CONFIG_CASES: readonly Case[] = [
  broken('syntax', 'a file that is not TOML is refused with the place', '[asbackup]\nparallel = = 3\n'),
  broken('not-utf8', 'a file that is not text is refused', Buffer.from('5b61ff5d0a', 'hex')),
  broken(
    'unknown-key',
    'an unknown key is refused with a suggestion',
    '[cluster]\nhost = "h"\n\n[asbackup]\nparalel = 3\n',
  ),
  broken('wrong-section', 'a key of another section is refused with that section', '[asbackup]\nhost = "h"\n'),
  broken('not-a-section', 'a value in place of a section is refused', 'asbackup = 3\n'),
  broken('type-number', 'text in place of a number is refused', '[asbackup]\nparallel = "3"\n'),
  broken('type-text', 'a number in place of text is refused', '[asbackup]\nnamespace = 3\n'),
  broken('type-flag', 'text in place of true or false is refused', '[asbackup]\ncompact = "true"\n'),
  broken('type-list', 'a list in place of text is refused', '[asbackup]\nset = ["a", "b"]\n'),
  broken('bounds', 'a number out of its bounds is refused with the bounds', '[asbackup]\nparallel = 101\n'),
  broken('rule', 'a rule that options of the file break names the place', '[asbackup]\ncompression-level = 3\n'),
  broken('include-itself', 'a file that includes itself is refused', '[include]\nfile = "astools.conf"\n'),
  broken('include-missing', 'an included file that does not exist is refused', '[include]\nfile = "none.conf"\n'),
  broken('include-key', 'an unknown key of the includes is refused', '[include]\nfiles = "a.conf"\n'),
  broken('include-type', 'an include that is no path is refused', '[include]\nfile = 3\n'),
  broken('include-fault', 'a fault in an included file is told with its place', '[include]\ndirectory = "more"\n', {
    'more/a.conf': '[asbackup]\nparallel = 2\n',
    'more/b.conf': '[asbackup]\nparallel = 0\n',
  }),
  {
    name: 'config-missing',
    says: 'a file that was named and does not exist is refused',
    steps: [asbackup(`--only-config-file none.conf ${RUN}`), asrestore('--config-file none.conf -d in')],
  },
  {
    name: 'config-choice',
    says: 'no file together with another file is refused',
    steps: [asbackup(`--no-config-file --only-config-file a.conf ${RUN}`)],
  },
  {
    name: 'config-instance',
    says: 'an unknown instance is refused',
    files: { 'astools.conf': '[cluster_east]\nhost = "h"\n' },
    steps: [
      asbackup(`--only-config-file astools.conf --instance west ${RUN}`),
      asbackup(`--no-config-file --instance west ${RUN}`),
    ],
  },
  {
    name: 'config-throttle-half',
    says: 'one half of a limit of a restore is refused',
    files: { 'astools.conf': '[asrestore]\nbandwidth = 10\n' },
    steps: [asrestore('--only-config-file astools.conf -d in')],
  },
  {
    name: 'config-used',
    says: 'a backup with options of the usual file, an instance, an include and the command line tells what won',
    node: { contents: uniform(3, 10) },
    files: {
      '.aerospike/astools.conf':
        '[cluster_east]\nhost = "127.0.0.1"\n\n[asbackup]\nnamespace = "restored"\ncompact = true\n[include]\nfile = "more.conf"\n',
      '.aerospike/more.conf': '[asbackup]\noutput-file = "other.asb"\nno-udfs = true\n',
    },
    steps: [asbackup('--instance east -p $PORT -n test -d out -v --no-udfs=false')],
  },

  {
    name: 'secrets-unreachable',
    says: 'a secret, when no agent listens, is told with the address',
    steps: [asbackup('-n secrets:backup:name -o - --sa-address 127.0.0.1 --sa-port 1')],
  },
  {
    name: 'secrets-address',
    says: 'an address of the agent that cannot be read is refused',
    steps: [
      asbackup('-n secrets:backup:name -o - --sa-address :x'),
      asbackup('-n secrets:backup:name -o - --sa-port 70000'),
      asbackup('-n secrets:backup:name -o - --sa-address /run/none.sock --sa-port 3005'),
      asbackup('-n secrets:backup:name -o - --sa-timeout 0'),
    ],
  },
  {
    name: 'secrets-reference',
    says: 'a reference to a secret without a key is refused',
    steps: [asbackup('-n secrets:backup: -o -')],
  },
  {
    name: 'secrets-refused',
    says: 'a secret that the agent does not have is told',
    agent: { 'backup:name': 'test' },
    steps: [asbackup('-n secrets:backup:nothing -o - --sa-port $AGENT --sa-timeout 30000')],
  },
  {
    name: 'secrets-invalid',
    says: 'a secret that is no valid value is refused without being shown',
    agent: { 'backup:workers': 'hidden' },
    steps: [asbackup('-n test -o - -w secrets:backup:workers --sa-port $AGENT --sa-timeout 30000')],
  },
  {
    name: 'secrets-used',
    says: 'a backup with a secret as its namespace does not show it',
    node: { contents: uniform(2, 5) },
    agent: { 'backup:name': 'test\n', 'backup:bin': 'n' },
    steps: [backup('-n secrets:backup:name -B secrets:backup:bin -o - -v --sa-port $AGENT --sa-timeout 30000')],
  },
];
