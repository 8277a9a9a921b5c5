import { test } from 'node:test';
import { pagingProperties } from './paging-properties.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 1000);

for (const [name, check] of Object.entries(pagingProperties)) test(name, () => check(numRuns));
