/** The readers of what was built. */
import { readers } from './lib-fuzz-readers.js';
import * as decoder from '../dist/asb/decoder.js';
import * as state from '../dist/backup/state-file.js';
import * as tool from '../dist/cli/asbackup-command.js';
import * as configError from '../dist/cli/config/config-error.js';
import * as config from '../dist/cli/config/load.js';
import * as key from '../dist/pipeline/encryption-key.js';
import * as errors from '../dist/pipeline/errors.js';
import * as pipeline from '../dist/pipeline/pipeline.js';

export const FUZZERS = readers({
  ...decoder,
  ...state,
  ...tool,
  ...configError,
  ...config,
  ...key,
  ...errors,
  ...pipeline,
});
