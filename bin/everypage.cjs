#!/usr/bin/env node
// Must parse on any Node there ever was, to say in one line what is wrong: ES5, no template strings.
'use strict';

var whyNotHere = require('./runtime.cjs')();
var dist;

function refuse(why) {
  process.stderr.write(['everypage: ', why, '\n'].join(''));
  process.exitCode = 2;
}

/** Whether the folder is there. Node 24, asked to make those above too, tries for ever where none can be made, as in /proc. */
function makeFolder(folder) {
  var fs = require('node:fs');
  var above = require('node:path').dirname(folder);
  if (fs.existsSync(folder)) return true;
  try {
    if (!fs.existsSync(above)) fs.mkdirSync(above);
    fs.mkdirSync(folder);
  } catch (_) {
    // Another process may have made it just now.
  }
  return fs.existsSync(folder);
}

/**
 * Keeps compiled code from one run to the next, in a folder of the user's own: code that others
 * could write would be code that they run. The archive thread follows the variable.
 */
function cacheCompiledCode() {
  var env = process.env;
  var join = require('node:path').join;
  var base = env.XDG_CACHE_HOME || (process.platform === 'win32' && env.LOCALAPPDATA);
  // Where it is set, it is what `node:os` would say; to load that takes half a millisecond.
  if (!base) base = join(env.HOME || require('node:os').homedir(), '.cache');
  if (env.NODE_DISABLE_COMPILE_CACHE) return;
  if (!env.NODE_COMPILE_CACHE) {
    base = join(base, 'everypage');
    if (!makeFolder(base)) return;
    env.NODE_COMPILE_CACHE = base;
  }
  // It does nothing where the folder cannot be written.
  // Deno has no such function.
  var enable = require('node:module').enableCompileCache;
  if (enable) enable();
}

if (whyNotHere !== null) {
  refuse(whyNotHere);
} else {
  dist = require('node:path').join(__dirname, '..', 'dist');
  if (require('node:fs').existsSync(require('node:path').join(dist, 'start.cjs'))) {
    cacheCompiledCode();
    require('./load.cjs').runProgram(dist);
  } else refuse('this clone is not built yet; run npm run build');
}
