// Must parse on any Node there ever was, to say in one line what is wrong: ES5, no template strings.
'use strict';

/** Why this program cannot run here, as a sentence without a full stop; null where it can. */
module.exports = function whyNotHere() {
  var versions = process.versions;
  if (versions.bun || versions.deno || parseInt(versions.node, 10) >= 24) return null;
  return [
    'needs Node 24 or newer and this is ',
    versions.node,
    '; install it from https://nodejs.org (in a clone, npm ci brings it along for npx everypage)',
  ].join('');
};
