import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { main } from '../../../src/cli/asbackup.js';

vi.mock('toml-eslint-parser', () => {
  throw new Error('the parser was loaded');
});
vi.mock('../../../src/config/secrets/agent.js', () => {
  throw new Error('the agent was loaded');
});

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'config-'));
});
afterAll(() => rm(root, { recursive: true }));

it('files and the secret agent cost nothing unless they are used', async () => {
  const path = join(root, 'astools.conf');
  await writeFile(path, '[asbackup]');
  const lines: string[] = [];
  const environment = {
    stdout: () => undefined,
    stderr: (line: string) => void lines.push(line),
    run: () => Promise.resolve(),
    terminal: () => undefined,
  };
  const argv = ['-n', 'n', '-d', 'd'];
  for (const word of ['--help', '--version']) {
    expect(await main([word, '--config-file', path], { ...environment, configFiles: [path] })).toBe(0);
  }
  expect(await main(argv, { ...environment, configFiles: [`${path}.gone`] })).toBe(0);
  expect(lines).toEqual([]);
  expect(await main(argv, { ...environment, configFiles: [path] })).toBe(1);
  expect(await main([...argv, '-p', 'secrets:r:k'], { ...environment, configFiles: [] })).toBe(1);
  expect(lines.filter((line) => line.includes('Unexpected error'))).toHaveLength(2);
});
