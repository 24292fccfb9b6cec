import { MAX_BIN_NAME_BYTES } from '../../../asb/format.js';
import type { OptionSpec } from '../option-spec.js';
import { backupInputOptions, setListOption } from './input.js';

export const exportOptions = [
  setListOption,
  {
    name: 'bin-list',
    short: 'B',
    argument: 'required',
    placeholder: 'bin,...',
    value: { type: 'names', maxBytes: MAX_BIN_NAME_BYTES },
    group: 'What to show',
    section: 'tool',
    help: 'Only these bins. The columns of CSV in this order; without it, the files are read twice.',
  },
  {
    name: 'format',
    argument: 'required',
    placeholder: 'format',
    value: { type: 'choice', values: ['jsonl', 'csv'] },
    default: 'jsonl',
    group: 'Output',
    section: 'tool',
    help: 'jsonl (one JSON object a line) or csv.',
  },
  {
    name: 'output-file',
    short: 'o',
    argument: 'required',
    placeholder: 'file',
    value: { type: 'path', s3: true },
    group: 'Output',
    section: 'tool',
    help: 'Write to this new file or object; by default to standard output.',
  },
  {
    name: 'typed',
    argument: 'none',
    value: { type: 'flag' },
    group: 'Output',
    section: 'tool',
    help: 'Mark blobs, GeoJSON values and ordered collections, so that nothing is lost that JSON has no type for.',
  },
  {
    name: 'large-integers-as-strings',
    argument: 'none',
    value: { type: 'flag' },
    group: 'Output',
    section: 'tool',
    help: 'Write integers beyond 2^53 as strings, for programs that would round them.',
  },
  ...backupInputOptions,
] as const satisfies readonly OptionSpec[];
