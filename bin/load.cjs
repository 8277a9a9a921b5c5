/**
 * Loads the files of `dist/` with what V8 made of them in an earlier run. Node's compile cache keeps
 * only what is compiled while a file is loaded. Functions that are called later are compiled again in
 * every run, which takes a quarter of a short one; here they are kept too, in the same folder.
 */
'use strict';

const {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} = require('node:fs');
// Deno's has no such function.
const { getCompileCacheDir = () => undefined } = require('node:module');
const { basename, dirname, join } = require('node:path');
const { Script } = require('node:vm');

/** Files with a hash of their content in their name: another content is another name. */
const NAMED_BY_CONTENT = /-[\w-]{8}\.cjs$/;

const HEAD = '(function (exports, require, module, __filename, __dirname) {';
const TAIL = '\n})';

const loaded = new Map();
/** Scripts that nothing was kept of, by the file to keep it in. */
const unkept = new Map();

/**
 * The exports of a file of `dist/`.
 *
 * @param {string} path
 * @param {string} [command] what it is loaded for, since each command calls other functions; without
 *   it nothing is kept
 */
function load(path, command) {
  const known = loaded.get(path);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(path, module);
  const folder = dirname(path);
  const requireFrom = (name) =>
    name.startsWith('./') ? load(join(folder, name), command) : require(name);
  try {
    compile(path, command)(module.exports, requireFrom, module, path, folder);
  } catch (error) {
    // Who asks again hears it too: that the file is gone, not that half of it is missing.
    loaded.delete(path);
    throw error;
  }
  return module.exports;
}

function compile(path, command) {
  const folder = command && NAMED_BY_CONTENT.test(path) ? getCompileCacheDir() : undefined;
  const file = folder && join(folder, `${basename(path, '.cjs')}-${command}`);
  const cachedData = file && readIfThere(file);
  const script = new Script(readFunction(path), { filename: path, cachedData });
  if (file && (cachedData === undefined || script.cachedDataRejected)) unkept.set(file, script);
  return script.runInThisContext();
}

/** A file of ASCII as the text of a function. To put it together as strings would copy it twice. */
function readFunction(path) {
  const file = openSync(path);
  try {
    const { size } = fstatSync(file);
    const text = Buffer.allocUnsafeSlow(HEAD.length + size + TAIL.length);
    text.latin1Write(HEAD, 0);
    let end = HEAD.length;
    for (let read = 1; read !== 0; end += read) {
      read = readSync(file, text, end, HEAD.length + size - end, null);
    }
    text.latin1Write(TAIL, end);
    return text.latin1Slice(0, end + TAIL.length);
  } finally {
    closeSync(file);
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/**
 * What a run has changed to bound its memory (src/cli/bound-heap.ts, for these Nodes), as V8 has it at the
 * start. V8 takes code only under the flags under which it was made.
 */
const FLAGS_AT_START = [
  '--heap-growing-percent=0',
  '--parallel-scavenge',
  '--semi-space-growth-factor=2',
];

function takeBackFlags() {
  const { node, bun, deno } = process.versions;
  const major = Number.parseInt(node, 10);
  if (bun !== undefined || deno !== undefined || major < 24 || major > 26) return;
  const { setFlagsFromString } = require('node:v8');
  for (const flag of FLAGS_AT_START) setFlagsFromString(flag);
}

/** Keeps what was compiled by now, for the next run. It is called once all that a run needs has run. */
function keepCompiled() {
  if (unkept.size === 0) return;
  takeBackFlags();
  for (const [file, script] of unkept) {
    const written = `${file}.${process.pid}`;
    try {
      writeFileSync(written, script.createCachedData(), { mode: 0o600 });
      renameSync(written, file);
    } catch {
      // The next run starts as slowly as this one.
    }
  }
  unkept.clear();
}

/**
 * Runs the command line of this process.
 *
 * @param {string} dist
 */
function runProgram(dist) {
  // First, and with nothing else: it begins the archive thread.
  const { command } = load(join(dist, 'start.cjs'));
  process.once('exit', (code) => {
    // A run that failed has called too little of the program.
    if (code === 0) keepCompiled();
  });
  load(join(dist, 'main.cjs'), command).main();
}

module.exports = { load, keepCompiled, runProgram };
