import { pacerClient } from '../test/pace/simulation/clients.ts';
import { LOAD_BARS, measureLoad, median } from '../test/pace/simulation/measure.ts';
for (const bar of LOAD_BARS) {
  const f = [101, 102, 103, 104, 105].map((s) => measureLoad(bar, pacerClient, s));
  console.log(bar.name.padEnd(30), median(f.map((x) => x.throughput)).toFixed(1), median(f.map((x) => x.whole)).toFixed(1), median(f.map((x) => x.latency)).toFixed(2), f.map((x) => x.throughput.toFixed(0)).join(' '));
}
