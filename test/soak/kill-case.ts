/**
 * One case of the soak: a command that is killed again and again at moments that its plan names, and
 * then left to end. What it leaves must be what an undisturbed run leaves, byte for byte.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportArchive, verifyArchive } from '../../src/index.ts';
import { type CliResult, startCli } from '../run/run-cli.ts';
import { environment, killAt, killWhenStill } from './kill-moment.ts';
import type { KillPlan, Moment, Wanted } from './kill-plan.ts';
import { certificates, expectedLines, type SoakServer, startSoakServer } from './soak-server.ts';

export interface KillCaseResult {
  /** What the kills that hit came after. */
  readonly kills: readonly Moment['after'][];
  /** Kills that came when the new output had its name already, and its archive perhaps had not. */
  readonly late: number;
}

const OLD_OUTPUT = 'of an earlier run\n';
const outputOf = ({ output }: Wanted): string =>
  output === 'archive' ? 'items.everypage' : `items.${output}`;

const archiveOf = (wanted: Wanted): string =>
  wanted.output === 'archive' ? outputOf(wanted) : `${outputOf(wanted)}.everypage`;

/** The arguments of every run of a case, killed or not. */
function argumentsOf(plan: KillPlan, url: string, folder: string): string[] {
  const caFile = join(folder, 'ca.pem');
  if (!existsSync(caFile)) writeFileSync(caFile, certificates.ca);
  const trust = plan.protocol === 'http' ? [] : ['--cacert', caFile];
  return [url, '-o', outputOf(plan.wanted), '-c', String(plan.concurrency), ...trust];
}

/** Outputs of undisturbed runs by what was asked for: many cases want the same. */
export type References = Map<string, Promise<Buffer>>;

async function undisturbed(wanted: Wanted, folder: string): Promise<Buffer> {
  const output = wanted.output === 'archive' ? 'ndjson' : wanted.output;
  const plan: KillPlan = {
    wanted: { ...wanted, output },
    seed: 0,
    protocol: 'http',
    closeAfter: null,
    concurrency: 5,
    faultOf: () => null,
    hasOldOutput: false,
    hasRival: false,
    moments: [],
  };
  const server = await startSoakServer(plan);
  try {
    mkdirSync(folder, { recursive: true });
    const args = argumentsOf(plan, server.url, folder);
    const { code, stderr } = await startCli(folder, args, { env: environment }).ended;
    assert.equal(code, 0, stderr);
    const bytes = readFileSync(join(folder, outputOf(plan.wanted)));
    if (output === 'ndjson') assert.equal(bytes.toString(), expectedLines(wanted));
    return bytes;
  } finally {
    await server.close();
  }
}

/**
 * @param folder for this case alone; left as it is, so that a failure can be looked at
 * @throws AssertionError where a byte is lost, doubled or torn, or a run ends badly
 */
export async function runKillCase(
  plan: KillPlan,
  folder: string,
  references: References,
): Promise<KillCaseResult> {
  const { wanted } = plan;
  const key = `${wanted.list}-${wanted.output}-${wanted.pages}-${wanted.bodyBytes}`;
  const reference = references.get(key) ?? undisturbed(wanted, join(folder, 'undisturbed'));
  references.set(key, reference);
  const expected = await reference;
  const work = join(folder, 'work');
  mkdirSync(work, { recursive: true });
  const output = join(work, outputOf(wanted));
  if (plan.hasOldOutput && wanted.output !== 'archive') writeFileSync(output, OLD_OUTPUT);

  const server = await startSoakServer(plan);
  const rival = { isWanted: plan.hasRival };
  try {
    const args = argumentsOf(plan, server.url, folder);
    const competing = compete(work, args, outputOf(wanted), rival);
    // Told where it is awaited, also if the case fails before.
    competing.catch(() => {});
    const kills: Moment['after'][] = [];
    let late = 0;
    for (const moment of [...plan.moments, null]) {
      const { code, signal, stderr } = await runAndKill(work, args, moment, server);
      if (signal === null) {
        assert.equal(code, 0, stderr.slice(-2000));
        break;
      }
      kills.push(moment!.after);
      if (checkOutput(output, expected, plan) && !plan.hasRival) late += 1;
      // Killed when all was done: another run would be a new one.
      if (existsSync(join(work, archiveOf(wanted)))) break;
    }
    rival.isWanted = false;
    await competing;
    await checkEnd(work, plan, expected);
    return { kills, late };
  } finally {
    rival.isWanted = false;
    await server.close();
  }
}

const RIVAL = 'rival.everypage';

/** Writes the same output again and again, by runs and exports that nobody kills, as long as it is wanted. */
async function compete(
  folder: string,
  args: readonly string[],
  output: string,
  rival: { readonly isWanted: boolean },
): Promise<void> {
  const commands = [
    [...args, '--archive', RIVAL],
    ['export', RIVAL, '-o', output],
  ];
  for (let turn = 0; rival.isWanted; turn += 1) {
    const { ended } = startCli(folder, [...commands[turn % 2]!, '-q'], { env: environment });
    const { code, stderr } = await ended;
    assert.equal(code, 0, `the other writer: ${stderr.slice(-2000)}`);
  }
}

async function runAndKill(
  folder: string,
  args: readonly string[],
  moment: Moment | null,
  server: SoakServer,
): Promise<CliResult> {
  const log = moment?.after === 'exporting' ? ['--log-format', 'json'] : ['-q'];
  const started = startCli(folder, [...args, ...log], { env: environment });
  const limit = killWhenStill(started, folder, server);
  const unwatch = moment === null ? () => {} : killAt(moment, started, folder, server);
  const result = await started.ended;
  clearInterval(limit);
  unwatch();
  assert.notEqual(result.signal, 'SIGABRT', 'a run hangs');
  return result;
}

/** An output file is whole, or what it was before. Says whether it is the new one. */
function checkOutput(
  output: string,
  expected: Buffer,
  { hasOldOutput, wanted }: KillPlan,
): boolean {
  if (wanted.output === 'archive') return existsSync(output);
  if (!existsSync(output)) {
    assert.ok(!hasOldOutput, 'the older output is gone');
    return false;
  }
  const bytes = readFileSync(output);
  if (hasOldOutput && bytes.equals(Buffer.from(OLD_OUTPUT))) return false;
  assert.ok(bytes.equals(expected), 'a killed run left an output that is torn');
  return true;
}

async function checkEnd(work: string, plan: KillPlan, expected: Buffer): Promise<void> {
  const { wanted } = plan;
  const output = outputOf(wanted);
  const archive = archiveOf(wanted);
  const files = readdirSync(work).filter((name) => name !== 'state');
  const others = plan.hasRival ? [RIVAL] : [];
  assert.deepEqual(files.toSorted(), [...new Set([output, archive]), ...others].toSorted());
  if (plan.hasRival) assert.deepEqual((await verifyArchive(join(work, RIVAL))).problems, []);
  if (wanted.output !== 'archive') {
    assertSame(readFileSync(join(work, output)), expected, 'the output');
  }
  const { verdict, problems } = await verifyArchive(join(work, archive));
  assert.deepEqual(problems, []);
  // Of a longer list 50 pages are read again at its end, which are too few of it.
  const levels = wanted.list === 'range' ? ['proven'] : ['complete', 'unverified'];
  assert.ok(levels.includes(verdict.name), verdict.reasons.join());
  assert.equal(verdict.stored, wanted.pages);
  const again = join(work, `again.${wanted.output === 'archive' ? 'ndjson' : wanted.output}`);
  await exportArchive(join(work, archive), { output: again });
  assertSame(readFileSync(again), expected, 'what its archive holds');
}

/** Names what is lost or there twice instead of printing megabytes. */
function assertSame(actual: Buffer, expected: Buffer, what: string): void {
  if (actual.equals(expected)) return;
  const lines = (bytes: Buffer): string[] => bytes.toString().split('\n');
  const there = new Set(lines(actual));
  const lost = lines(expected).filter((line) => !there.has(line)).length;
  const twice = lines(actual).length - there.size;
  assert.fail(`${what} differs from an undisturbed run: ${lost} lines lost, ${twice} twice`);
}
