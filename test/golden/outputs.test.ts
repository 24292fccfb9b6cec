/**
 * Everything that the commands put out, compared with files in test/fixtures/outputs. A difference is a change that
 * users or their scripts will see. `UPDATE_GOLDEN=1 npx vitest run test/golden` writes the files anew; lines with a `C`
 * in front must not change at all (kinds.ts).
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startAgent } from '../support/secret-agent.js';
import type { Case, Showing, Step } from './case.js';
import { CASES } from './cases.js';
import { FAR_VOID_TIME } from './data.js';
import { LOG_KINDS, MACHINE_KINDS, type LineKind } from './kinds.js';
import { startNode, type RunningNode } from './node.js';
import {
  backupText,
  hashText,
  logText,
  machineText,
  placesOut,
  sortedRecords,
  stateText,
  type Surroundings,
} from './normalize.js';
import { runCommand, type Ran } from './run.js';

const GOLDEN = fileURLToPath(new URL('../fixtures/outputs/', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../fixtures/backups', import.meta.url));
const UPDATE = process.env.UPDATE_GOLDEN === '1';
/** A case waits for its turn, and some wait for progress that is told every ten seconds. */
const TIMEOUT_MS = 300_000;
/** A larger file is shown by its hash. */
const MOST_SHOWN_BYTES = 8192;

type Places = Omit<Surroundings, 'pid'>;

describe('the output of a command', () => {
  it.concurrent.each(CASES.map((one) => [one.says, one] as const))(
    '%s',
    async (_, one) => {
      const path = join(GOLDEN, `${one.name}.txt`);
      const actual = await readOutput(one);
      if (UPDATE) writeFileSync(path, actual);
      const expected = existsSync(path) ? readFileSync(path, 'utf8') : '';
      expect(actual, `${one.name}.txt`).toBe(expected);
    },
    TIMEOUT_MS,
  );
});

describe('the golden files', () => {
  const texts = (): string[] => CASES.map(({ name }) => readFileSync(join(GOLDEN, `${name}.txt`), 'utf8'));

  it('belong to one case each, and no two cases have the same name', () => {
    const names = CASES.map(({ name }) => `${name}.txt`).sort();
    expect(new Set(names).size).toBe(names.length);
    expect(readdirSync(GOLDEN).sort()).toEqual(names);
  });

  it('together hold every kind of line that scripts read', () => {
    const lines = texts().flatMap((text) => text.split('\n').filter((line) => line.startsWith('C | ')));
    const said = lines.map((line) => line.replace(/^C \| (?:<time> GMT \[INF\] \[[^\]]*\] )?/, ''));
    const unseen = (kinds: readonly LineKind[]): string[] =>
      kinds
        .filter((kind) => kind.unseen !== true && !said.some((text) => kind.text.test(text)))
        .map(({ name }) => name);
    expect([...unseen(LOG_KINDS), ...unseen(MACHINE_KINDS)]).toEqual([]);
  });

  it('hold no path of the machine that they were made on', () => {
    expect(texts().filter((text) => text.includes(tmpdir()) || text.includes(process.cwd()))).toEqual([]);
  });
});

async function readOutput(one: Case): Promise<string> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'asbackup-golden-')));
  let node: RunningNode | undefined;
  const agent = one.agent === undefined ? undefined : await startAgent({ secrets: one.agent });
  try {
    writeFiles(dir, one.files ?? {});
    if (one.node !== undefined) node = await startNode(one.node);
    const places: Places = {
      dir,
      fixtures: FIXTURES,
      ports: node?.ports ?? [],
      ...(agent === undefined ? {} : { otherPorts: { agent: agent.port } }),
    };
    const parts = [`${one.says}\n`];
    let before: Ran | undefined;
    for (const step of one.steps) {
      if (step.behaving === true) node?.behave();
      writeFiles(dir, step.write ?? {});
      before = await runCommand(step.tool, buildArgs(step, places), {
        cwd: dir,
        ...(step.env === undefined ? {} : { env: step.env }),
        ...(step.nudges === undefined ? {} : { nudges: step.nudges }),
        ...(step.mostBlocks === undefined ? {} : { mostBlocks: step.mostBlocks }),
        ...readStdin(step, before),
      });
      parts.push(stepText(step, before, places));
    }
    const last = one.steps.at(-1)!;
    parts.push(filesText(one, { ...places, pid: 0, ...listMarks(last) }));
    await node?.stop();
    expect(node?.failures() ?? [], 'what went wrong inside the server').toEqual([]);
    return parts.join('\n');
  } finally {
    await node?.stop();
    await agent?.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function writeFiles(dir: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(dir, path);
    mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(full, content);
  }
}

function buildArgs({ args }: Step, { ports, otherPorts }: Places): string[] {
  return args.map((word) =>
    word
      .replace(/\$PORT(\d?)/g, (_, number: string) => String(ports[Number(number || '1') - 1] ?? ''))
      .replace('$AGENT', String(otherPorts?.agent ?? ''))
      .replace('$FIXTURES', FIXTURES),
  );
}

function readStdin({ stdin, stdinFromBefore }: Step, before: Ran | undefined): { stdin?: Buffer } {
  if (stdinFromBefore === true && before !== undefined) return { stdin: before.stdout };
  return stdin === undefined ? {} : { stdin: Buffer.from(stdin) };
}

function listMarks(step: Step): Pick<Surroundings, 'unordered' | 'maskCounts' | 'showProgress'> {
  return {
    ...(step.unordered === undefined ? {} : { unordered: step.unordered }),
    ...(step.maskCounts === undefined ? {} : { maskCounts: step.maskCounts }),
    ...(step.showProgress === undefined ? {} : { showProgress: step.showProgress }),
  };
}

function stepText(step: Step, ran: Ran, places: Places): string {
  const around = { ...places, pid: ran.pid, ...listMarks(step) };
  const settings = Object.entries(step.env ?? {}).map(([name, value]) => `${name}=${shell(value)} `);
  const line = placesOut([step.tool, ...buildArgs(step, places)].map(shell).join(' '), around);
  const end = ran.signal === null ? `exit code ${ran.code ?? ''}` : `signal ${ran.signal}`;
  return [
    `$ ${settings.join('')}${line}`,
    end,
    section('stdout', stdoutText(ran.stdout, step)),
    section('stderr', logText(ran.stderr, around)),
  ].join('\n');
}

function shell(word: string): string {
  return /^[\w.,:/=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function section(name: string, text: string): string {
  return text === '' ? `== ${name}: nothing` : `== ${name}\n${text}`;
}

function stdoutText(bytes: Buffer, { stdout = 'text' }: Step): string {
  if (stdout === 'hash') return hashText(bytes);
  if (stdout === 'omitted') return bytes.length > 0 ? '(something)\n' : '';
  return endMarked(backupText(bytes, FAR_VOID_TIME).replace(/^(Version )\d+\.\d+\.\d+$/m, '$1<version>'));
}

function endMarked(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n(no line feed at the end)\n`;
}

/** Files that are new, changed or gone, by name. */
function filesText({ files = {}, as = {}, combined }: Case, around: Surroundings): string {
  const found = filesBelow(around.dir);
  const parts = found
    .filter((path) => !isUnchanged(join(around.dir, path), files[path]))
    .map((path) => {
      const bytes = readFileSync(join(around.dir, path));
      const isCombined = combined !== undefined && dirname(path) === combined && path.endsWith('.asb');
      return section(`file ${path}`, fileText(bytes, as[path] ?? (isCombined ? 'name' : listShowing(path)), around));
    });
  for (const path of Object.keys(files)) {
    if (!existsSync(join(around.dir, path))) parts.push(`== file ${path}: removed\n`);
  }
  if (combined !== undefined) {
    const backups = found.filter((path) => dirname(path) === combined && path.endsWith('.asb'));
    const bytes = backups.map((path) => readFileSync(join(around.dir, path)));
    parts.push(section(`all backup files of ${combined}`, sortedRecords(bytes)));
  }
  return parts.length === 0 ? 'no files\n' : parts.join('\n');
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(dir, path)).isFile())
    .sort();
}

function isUnchanged(path: string, content: string | Buffer | undefined): boolean {
  return content !== undefined && readFileSync(path).equals(Buffer.from(content));
}

function listShowing(path: string): Showing {
  if (path.endsWith('.state')) return 'state';
  return basename(path).endsWith('.machine') ? 'machine' : 'text';
}

function fileText(bytes: Buffer, showing: Showing, around: Surroundings): string {
  switch (showing) {
    case 'name':
      return '(exists)\n';
    case 'size':
      return `${bytes.length} bytes\n`;
    case 'hash':
      return hashText(bytes);
    case 'machine':
      return machineText(bytes, around);
    case 'state':
      return endMarked(stateText(bytes, around));
    case 'text':
      return bytes.length > MOST_SHOWN_BYTES ? hashText(bytes) : endMarked(backupText(bytes, FAR_VOID_TIME));
  }
}
