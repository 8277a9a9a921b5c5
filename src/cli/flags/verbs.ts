/** What the program can do, by the word after its name. */
export const verbs = [
  'fetch',
  'export',
  'verify',
  'report',
  'schema',
  'head',
  'serve',
  'explain',
  'presets',
  'archives',
  'worker',
  'status',
  'pause',
  'resume',
  'cancel',
  'dashboard',
  'demo',
  'completion',
] as const;

/** `fetch` is what happens without a verb. */
export type Verb = (typeof verbs)[number];

/** Stands in the place of a verb where a shell asks what may be typed next (completion/scripts.ts). */
export const COMPLETE = '__complete';

/** Words that stand where a verb may, and what they are here; null: a URL stands there by itself. */
export const otherVerbs: Readonly<Record<string, Verb | null>> = {
  check: 'verify',
  validate: 'verify',
  inspect: 'explain',
  detect: 'explain',
  discover: 'explain',
  convert: 'export',
  dump: 'export',
  api: null,
  crawl: null,
  curl: null,
  download: null,
  get: null,
  http: null,
  https: null,
  post: null,
  run: null,
};
