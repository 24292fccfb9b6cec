/**
 * Loads the CommonJS files of dist/bundle. V8 takes the code that the build has compiled of them (their `.cache`), unless
 * it is of another version or runs with other flags: then it compiles them as ever.
 */
'use strict';

const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const HEAD = '(function (exports, require, module, __filename, __dirname, importPackage) { ';

/** Node.js warns of `import()` in a script that has not come from its own loader: the build has put this in its place. */
const importPackage = (name) => import(name);

/** Path to module, and to what V8 has compiled of it. */
const modules = new Map();
const scripts = new Map();

function load(path) {
  const known = modules.get(path);
  if (known !== undefined) return known.exports;
  const script = compile(path);
  const folder = dirname(path);
  const module = { exports: {} };
  modules.set(path, module);
  scripts.set(path, script);
  try {
    const requireFrom = (name) => (name.startsWith('./') ? load(join(folder, name)) : require(name));
    script.runInThisContext().call(module.exports, module.exports, requireFrom, module, path, folder, importPackage);
  } catch (error) {
    modules.delete(path);
    throw error;
  }
  return module.exports;
}

function compile(path) {
  const source = `${HEAD}${readFileSync(path, 'utf8')}\n})`;
  return new Script(source, { filename: path, cachedData: readCache(path) });
}

function readCache(path) {
  try {
    return readFileSync(`${path}.cache`);
  } catch {
    return undefined;
  }
}

module.exports = { load, scripts };
