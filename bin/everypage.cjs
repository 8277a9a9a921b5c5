#!/usr/bin/env node
// Must parse on any Node there ever was, to say in one line what is wrong: ES5, no template strings.
'use strict';

var main;

function refuse(words) {
  process.stderr.write(['everypage: '].concat(words, '\n').join(''));
  process.exitCode = 2;
}

if (parseInt(process.versions.node, 10) < 24) {
  refuse([
    'needs Node 24 or newer and this is ',
    process.versions.node,
    '; install it from https://nodejs.org (in a clone, npm ci brings it along for npx everypage)',
  ]);
} else {
  main = require('node:path').join(__dirname, '..', 'dist', 'cli', 'main.js');
  if (require('node:fs').existsSync(main)) require(main).main();
  else refuse(['this clone is not built yet; run npm run build']);
}
