import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/file/load.js';
import { ANY_TOOL, ConfigFiles } from '../../support/config-files.js';
import { describeConfigKeys } from '../../support/config-keys.js';

const configFiles = new ConfigFiles();

describeConfigKeys(ANY_TOOL.asbackup);

describe('[cluster]', () => {
  it('has no effect on a command that reaches no cluster, but a key that no tool knows is refused', async () => {
    const { listSchema } = await import('../../../src/config/catalog/list-config.js');
    const read = async (name: string, text: string) => {
      const path = join(await configFiles.root, name);
      await writeFile(path, text);
      return (await loadSettings(listSchema, { files: [{ path, required: true }], instance: undefined })).settings;
    };
    expect((await read('cluster.conf', '[cluster]\nhost = "10.0.0.1"\ntls-enable = true\n')).length).toBe(0);
    await expect(read('wrong.conf', '[cluster]\nhots = "10.0.0.1"\n')).rejects.toThrow('unknown key "hots"');
  });
});
