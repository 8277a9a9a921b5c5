/* Strapi in the working folder, with the list in it: `node strapi-process.cjs APP ITEMS.json`. */
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [app, file] = process.argv.slice(2);
const { createStrapi } = createRequire(join(app, 'package.json'))('@strapi/strapi');

async function start() {
  const strapi = await createStrapi({ appDir: app, distDir: app }).load();
  for (const data of JSON.parse(readFileSync(file, 'utf8'))) {
    await strapi.documents('api::thing.thing').create({ data });
  }
  await strapi.start();
}

process.stdin.once('close', () => process.exit(0)).resume();
start().catch((error) => {
  console.error(error);
  process.exit(1);
});
