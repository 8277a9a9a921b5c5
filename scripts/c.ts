import { Pacer } from '../src/pace/pacer.ts';
import { NoLimiter } from '../test/pace/simulation/limiter.ts';
import { simulate } from '../test/pace/simulation/simulate.ts';
import { randomFrom } from '../test/run/pagination-setup.ts';
const random = randomFrom(101);
const p = new Pacer({ concurrency: 'auto', rate: null }, random, null);
let last = 0; const e = p.ended.bind(p);
p.ended = (a) => { const r = e(a); if (p.concurrency !== last) { last = p.concurrency; console.log(Math.round(a.now), last); } return r; };
simulate({ server: { limiter: new NoLimiter(), retryAfter: false, headers: null, failing: 0 }, network: { latencyMs: Number(process.argv[2]), sigma: 0.1, inOrder: true, serviceMs: Number(process.argv[3]) }, client: p, random, durationMs: 60000, pages: Infinity });
