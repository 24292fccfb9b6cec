/** The start of every program. Answers what needs none of its code by itself, as that takes longer to load. */
'use strict';

const { readFileSync, writeSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');

/** `title` is what the version begins with. */
function start(name, title) {
  if (answerAlone(name, title, process.argv.slice(2))) return;
  const { isatty } = require('node:tty');
  // SIGUSR1 asks a run for its progress; until there is a run, it must not start the debugger of Node.js.
  process.on('SIGUSR1', () => undefined);
  // Node.js resets a SIGHUP that nohup has set to be ignored. Without a terminal nothing can hang up (src/cli/signals.ts).
  if (![0, 1, 2].some((fd) => isatty(fd))) process.on('SIGHUP', () => undefined);
  run(name, process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error) => {
      // The message of an unexpected error may quote anything, also a password.
      const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
      const unexpected = `unexpected error ${error instanceof Error ? error.name : typeof error}${code}`;
      console.error(isBuilt(name) ? `${name}: ${unexpected}` : `${name}: dist/ is missing; run "npm run build" first`);
      process.exitCode = 1;
    },
  );
}

async function run(name, argv) {
  return require('./load.js')
    .load(bundlePath(`${name}.js`))
    .main(argv);
}

/** Whether the only word asks for the version or the help, and it was printed. All else is left to the program. */
function answerAlone(name, title, [word, ...others]) {
  if (others.length > 0) return false;
  const isHelp = word === '--help' || word === '-Z';
  if (!isHelp && word !== '--version' && word !== '-V') return false;
  try {
    // The build has written the help; before it the program itself answers.
    const text = isHelp ? readFileSync(bundlePath(`${name}.help`), 'utf8') : versionText(title);
    writeAll(Buffer.from(text));
    return true;
  } catch {
    // Also if nothing could be written: the program waits where that helps, and reports it.
    return false;
  }
}

/** Throws if nothing at all was written. */
function writeAll(bytes) {
  const written = writeSync(1, bytes);
  if (written === bytes.length) return;
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE') return;
    console.error(`Cannot write to standard output: ${error.message}`);
    process.exitCode = 1;
  });
  process.stdout.write(bytes.subarray(written));
}

/** As src/cli/version.ts. */
function versionText(title) {
  readFileSync(bundlePath('package.json'));
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const parts = version.split('-');
  return `${title}\nVersion ${version}\n${parts.length >= 3 ? `Build ${parts.at(-1)}\n` : ''}`;
}

function bundlePath(file) {
  return join(ROOT, 'dist/bundle', file);
}

function isBuilt(name) {
  try {
    readFileSync(bundlePath(`${name}.js`));
    return true;
  } catch {
    return false;
  }
}

module.exports = { start };
