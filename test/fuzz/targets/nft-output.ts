import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import fc from 'fast-check';
import { lifeTag, parseCounters, parseLife, parseRuleset, parseTable } from '../../../agent/gate/parse.ts';
import { MonitorReader } from '../../../agent/gate/watch.ts';
import { canaries, hold, refusedOrDone } from '../expect.ts';
import { mutatedJson, mutatedText } from '../mutate.ts';
import { plainTarget } from '../target.ts';

const recorded = (name: string) =>
  // A foreign table in the same ruleset may name clients' addresses.
  readFileSync(new URL(`../../../agent/gate/fixtures/${name}.json`, import.meta.url), 'utf8').replace(
    '10.64.0.9',
    canaries[0],
  );
const outputs = ['chains', 'ruleset', 'set-up4', 'set-up6', 'table'].map(recorded) as [string, ...string[]];

const monitored = [
  'add quota inet turnpike q_sub_x_1 { 1000 bytes used 1000 bytes }\n',
  'delete element inet turnpike idle4 { 10.64.0.9 }\n# new generation 7 by process 4242 (nft)\n',
  '# ERROR: netlink\n',
] as const;

export const nftOutput = plainTarget(
  {
    name: 'nft-output',
    holds: 'whatever nft prints is read right or refused in our own words, which repeat nothing of it',
    files: ['agent/gate/parse.ts', 'agent/gate/listing.ts', 'agent/gate/watch.ts'],
  },
  () =>
    fc.asyncProperty(
      fc.oneof({ weight: 3, arbitrary: mutatedJson(outputs) }, mutatedText(outputs)),
      mutatedText(monitored as never),
      async (output, lines) => {
        const life = refusedOrDone(() => parseLife(output));
        if (life !== undefined) hold(typeof lifeTag(life) === 'string', 'a mark of life is none');
        for (const [name, bytes] of refusedOrDone(() => parseRuleset(output).quotaRemaining) ?? []) {
          hold(typeof name === 'string' && isCount(bytes), 'a quota is none');
        }
        for (const [address, bytes] of refusedOrDone(() => parseCounters(output, 'up4')) ?? []) {
          hold(isIP(address) > 0 && isCount(bytes), 'a counter is none');
        }
        const table = refusedOrDone(() => parseTable(output));
        if (table !== undefined) checkTable(table);
        const reader = new MonitorReader((pid) => pid === 4242);
        for (const line of lines.split('\n')) reader.read(line);
      },
    ) as never,
);

function checkTable(table: ReturnType<typeof parseTable>): void {
  for (const set of [table.counted, table.unlimited, table.allowance, table.unheard]) {
    for (const address of set) hold(isIP(address) > 0, 'an address is none');
  }
  for (const [address, quota] of table.quotaOf) {
    hold(isIP(address) > 0 && typeof quota === 'string', 'a grant is none');
  }
  for (const [address, seconds] of table.endsIn) {
    hold(isIP(address) > 0 && Number.isSafeInteger(seconds) && seconds >= 0, 'an end is none');
  }
  for (const { bytes } of table.quotas.values()) hold(isCount(bytes), 'a quota is none');
  for (const { bytesPerSecond } of table.limits.values()) hold(isCount(bytesPerSecond), 'a limit is none');
  for (const [address, speed] of table.speedOf) {
    hold(isIP(address) > 0, 'an address is none');
    for (const name of Object.values(speed)) hold(typeof name === 'string', 'a limit is none');
  }
}

function isCount(value: unknown): boolean {
  return typeof value === 'bigint' && value >= 0n && value < 2n ** 64n;
}
