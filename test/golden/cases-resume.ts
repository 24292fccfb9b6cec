/**
 * Backups that are interrupted, asked for their progress, and continued. The server is slowed down, not the machine.
 */
import { asbackup, backup, restore, type Case, type Step } from './case.js';
import { fileText, LATER_HEAD, computePartition, uniform, VARIED } from './data.js';
import type { Nudge } from './run.js';

/** More than a minute's worth, so that even a slow machine has looked twice before the end. */
const MANY = uniform(3000, 30);
const SLOW = '-L 40';

/** The rest is foretold as soon as some records have come, at the first look after a second or later. */
const AFTER_PROGRESS: readonly Nudge[] = [{ when: /remaining/, signal: 'SIGINT' }];

function interrupted(line: string, more: Partial<Step> = {}): Step {
  return backup(`-n test ${line} ${SLOW}`, { maskCounts: true, showProgress: true, nudges: AFTER_PROGRESS, ...more });
}

export const RESUME_CASES: readonly Case[] = [
  {
    name: 'resume-directory',
    says: 'a backup into a directory, interrupted and continued, holds every record once',
    node: { contents: MANY },
    steps: [
      interrupted('-d out -m m.machine'),
      backup('-n test -d out -c out/test.asb.state -m m.machine', { maskCounts: true }),
    ],
    combined: 'out',
  },
  {
    name: 'resume-state',
    says: 'an interrupted backup leaves a state file beside its files, and tells programs how far it came',
    node: { contents: MANY },
    steps: [interrupted('-d out -m m.machine')],
    as: { 'out/test_00000.asb': 'name' },
  },
  {
    name: 'resume-file',
    says: 'a backup into a file, interrupted twice and continued, holds every record once',
    node: { contents: MANY },
    steps: [
      interrupted('-o out.asb --state-file-dst my.state', { nudges: [{ when: /remaining/, signal: 'SIGTERM' }] }),
      interrupted('-o out.asb --state-file-dst my.state -c my.state', {
        nudges: [{ when: /remaining/, signal: 'SIGINT' }],
      }),
      backup('-n test -o out.asb -c my.state', { maskCounts: true }),
    ],
    combined: '.',
  },
  {
    name: 'resume-stdout',
    says: 'an interrupted backup to standard output says where to cut it',
    node: { contents: MANY },
    steps: [interrupted('-o - --state-file-dst my.state', { stdout: 'omitted' })],
  },
  {
    name: 'interrupt-json',
    says: 'an interrupted backup tells so in JSON',
    node: { contents: MANY },
    steps: [interrupted('-d out --log-json -v', { nudges: [{ when: /remaining/, signal: 'SIGINT' }] })],
    as: { 'out/test_00000.asb': 'name' },
  },
  {
    name: 'progress-on-request',
    says: 'a backup that is asked for its progress tells it',
    node: { contents: MANY },
    steps: [
      backup(`-n test -o out.asb ${SLOW}`, {
        maskCounts: true,
        showProgress: true,
        nudges: [
          { when: /remaining/, signal: 'SIGUSR1' },
          { when: /so far/, signal: 'SIGINT' },
        ],
      }),
    ],
    as: { 'out.asb': 'name' },
  },
  {
    name: 'restore-interrupted',
    says: 'an interrupted restore tells what was read and written',
    node: {},
    files: { 'in.asb': fileText(2000) },
    steps: [
      restore('-i in.asb -N 1,20 -m m.machine', {
        maskCounts: true,
        showProgress: true,
        nudges: [{ when: /remaining/, signal: 'SIGINT' }],
      }),
    ],
  },
  {
    name: 'resume-mismatch',
    says: 'a backup that is continued with other options, or without its file, is refused',
    node: { contents: VARIED, unavailable: [computePartition('order-1')] },
    as: { 'out/test.asb.state': 'name' },
    steps: [
      backup('-n test -d out --max-retries 0'),
      asbackup('-n test -d out -c out/test.asb.state -s users -C -z zstd'),
      asbackup('-n test -d out -c out/test.asb.state -M 1'),
      asbackup('-n test -d out -c out/test.asb.state', { write: { 'out/test_00000.asb': 'cut\n' } }),
    ],
  },
  {
    name: 'state-of-another',
    says: 'a state file of another run in the working directory is left alone by a backup to standard output, which tells so',
    node: { contents: uniform(3, 5) },
    files: { 'test.asb.state': 'of another run\n' },
    steps: [backup('-n test -o - --log-json')],
  },
  {
    name: 'state-in-the-way',
    says: 'a file at the place of --state-file-dst gives way, and is gone at the end',
    node: { contents: uniform(3, 5) },
    files: { 'my.state': 'of another program\n' },
    steps: [backup('-n test -o out.asb --state-file-dst my.state')],
  },
  {
    name: 'json-resume',
    says: 'a backup that is continued tells in JSON what it deletes and how much there was',
    node: { contents: VARIED, unavailable: [computePartition('order-1')] },
    as: { 'out/test_00000.asb': 'hash' },
    steps: [
      backup('-n test -d out --max-retries 0 --log-json'),
      backup('-n test -d out -c out/test.asb.state --log-json', {
        behaving: true,
        write: { 'out/test_00001.asb': LATER_HEAD },
      }),
    ],
  },
  {
    name: 'json-resume-stdout',
    says: 'a backup to standard output that is continued tells in JSON where to cut',
    node: { contents: VARIED, unavailable: [computePartition('order-1')] },
    steps: [
      backup('-n test -o - --state-file-dst my.state --max-retries 0 --log-json'),
      backup('-n test -o - -c my.state --log-json', { behaving: true }),
    ],
  },
  {
    name: 'state-faults',
    says: 'a state file that is missing, damaged, foreign or of another version is refused',
    files: {
      'damaged.state': '{"format":"asbackup-state"',
      'foreign.state': 'anything\n',
      'c.state': Buffer.alloc(83_488),
      'future.state': '{"format":"asbackup-state","version":99}',
      'empty.state': '{"format":"asbackup-state","version":1}',
    },
    steps: ['none', 'damaged', 'foreign', 'c', 'future', 'empty'].map((name) =>
      asbackup(`-n test -d out -c ${name}.state`),
    ),
  },
];
