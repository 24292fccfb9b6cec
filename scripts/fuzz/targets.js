/** The readers of what was built. */
import { readers } from './readers.js';
import * as decoder from '../../dist/asb/decoder.js';
import * as state from '../../dist/engine/backup/checkpoint/state-file.js';
import * as tool from '../../dist/config/backup-config.js';
import * as configError from '../../dist/config/file/config-error.js';
import * as config from '../../dist/config/file/load.js';
import * as key from '../../dist/codecs/key.js';
import * as errors from '../../dist/codecs/errors.js';
import * as pipeline from '../../dist/codecs/codecs.js';

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
