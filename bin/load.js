/**
 * Loads the CommonJS files of dist/bundle. V8 takes the code that the build has compiled of them (their `.cache`), unless
 * it is of another version or runs with other flags: then it compiles them as ever.
 */
'use strict';

const { closeSync, fstatSync, openSync, readSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const HEAD = '(function (exports, require, module, __filename, __dirname, importPackage) { ';
const TAIL = '\n})';

/** For one file after another. */
let memory = Buffer.allocUnsafeSlow(384 * 1024);

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
  const source = readSource(path);
  return new Script(source, { filename: path, cachedData: readCache(path) });
}

/**
 * Joins bytes, not strings: those would stay in memory beside the whole, in every thread, as a short run hardly collects
 * garbage.
 */
function readSource(path) {
  const end = HEAD.length + readInto(path, HEAD.length, TAIL.length);
  memory.write(HEAD, 0, 'latin1');
  memory.write(TAIL, end, 'latin1');
  return memory.toString('utf8', 0, end + TAIL.length);
}

function readCache(path) {
  try {
    return memory.subarray(0, readInto(`${path}.cache`, 0, 0));
  } catch {
    return undefined;
  }
}

/** Reads a file to `memory` with room before and behind it. Returns its size. */
function readInto(path, before, behind) {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (before + size + behind > memory.length) memory = Buffer.allocUnsafeSlow(before + size + behind);
    for (let read = 0; read < size;) {
      const bytes = readSync(file, memory, before + read, size - read, read);
      if (bytes === 0) throw new Error(`${path} is shorter than ${size} bytes`);
      read += bytes;
    }
    return size;
  } finally {
    closeSync(file);
  }
}

module.exports = { load, scripts };
