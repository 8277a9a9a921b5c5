import { runRandom } from '../test/pace/simulation/random-run.ts';

const n = Number(process.argv[2]);
const from = Number(process.argv[3] ?? 1);
let bad = 0;
let slow = 0;
let slowSeed = 0;
for (let s = from; s < from + n; s++) {
  const t = performance.now();
  const r = runRandom(s);
  const d = performance.now() - t;
  if (d > slow) {
    slow = d;
    slowSeed = s;
  }
  if (r.broken && bad++ < 15) console.log(s, r.broken, JSON.stringify(r.result));
}
console.log('bad', bad, 'slowest', slow, slowSeed);
