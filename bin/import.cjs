/**
 * Imports a module of the user's. What `dist/` holds is loaded without `import()`: see load.cjs.
 */
'use strict';

/** @param {string} url */
module.exports = (url) => import(url);
