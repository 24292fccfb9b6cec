/** Damaged files of every kind that is read; `scripts/torture --mutations N` gives them far more. */
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../scripts/fuzz/run.js';
import { readers } from '../../scripts/fuzz/readers.js';
import * as decoder from '../../src/asb/decoder.js';
import * as state from '../../src/engine/backup/checkpoint/state-file.js';
import { asbackupTool } from '../../src/config/backup-config.js';
import { ConfigError } from '../../src/config/file/config-error.js';
import { loadSettings } from '../../src/config/file/load.js';
import { readKeyFile } from '../../src/codecs/key.js';
import { StreamError } from '../../src/codecs/errors.js';
import { Codecs } from '../../src/codecs/codecs.js';

const INPUTS = 10_000;
const SEED = 20_240_229;

describe('a damaged file', () => {
  const modules = {
    ...decoder,
    ...state,
    asbackupTool,
    ConfigError,
    loadSettings,
    readKeyFile,
    StreamError,
    Codecs: Codecs,
  };
  it.each(readers(modules))('$name: is read or refused with its place, and nothing else happens', async (reader) => {
    try {
      const totals = await fuzz(reader, Math.round(INPUTS * reader.share), SEED);
      expect(totals.problems).toEqual([]);
      // Damage shows, mostly, and not everything is refused.
      expect(totals.refused).toBeGreaterThan(totals.inputs / 4);
      expect(totals.read).toBeGreaterThan(0);
    } finally {
      reader.close?.();
    }
  });
});
