import { isIP } from 'node:net';
import fc from 'fast-check';
import { openRecorded, recordedRequests } from '../../../agent/gate/fixtures/recorded.ts';
import { KernelTable } from '../../../agent/gate/kernel-table.ts';
import type { ObservedGate } from '../../../agent/gate/model.ts';
import { observeTable } from '../../../agent/gate/observe.ts';
import { checkRefusal, hold } from '../expect.ts';
import { mutatedBytes } from '../mutate-bytes.ts';
import { plainTarget } from '../target.ts';

export const kernelAnswer = plainTarget(
  {
    name: 'kernel-answer',
    holds: 'whatever bytes netfilter answers are read right or refused in our own words',
    files: ['agent/gate/kernel-table.ts', 'agent/gate/observe.ts', 'agent/netlink/attributes.ts'],
  },
  () =>
    fc.asyncProperty(mutatedAnswer, async ({ request: changed, bytes }) => {
      const answer = (pages: Buffer[], request: string) =>
        // Whatever became of it: what comes after has an end.
        request === changed ? [Buffer.from(bytes), endOfDump] : pages;
      const kernel = new KernelTable(() => openRecorded(answer));
      for (const read of [
        async () => hold(typeof ((await kernel.life()) ?? '') === 'string', 'a life is none'),
        async () => {
          for (const { counted } of await kernel.elements('up4')) {
            hold(counted === undefined || isCount(counted), 'a counter is none');
          }
        },
        async () => checkTable(await observeTable(kernel)),
      ]) {
        await read().catch(checkRefusal);
      }
    }) as never,
);

const mutatedAnswer = fc.constantFrom(...recordedRequests).chain((request) => {
  const socket = openRecorded();
  socket.send(Buffer.from(request, 'hex'));
  return mutatedBytes(fc.constant(socket.receive())).map((bytes) => ({ request, bytes }));
});

const endOfDump = Buffer.from('1400000003000200000000000000000000000000', 'hex');

function checkTable(table: ObservedGate): void {
  for (const set of [table.counted, table.unlimited, table.allowance, table.unheard]) {
    for (const address of set) hold(isIP(address) > 0, 'an address is none');
  }
  for (const [address, quota] of table.quotaOf) {
    hold(isIP(address) > 0 && typeof quota === 'string', 'a grant is none');
  }
  for (const [address, seconds] of table.endsIn) {
    hold(isIP(address) > 0 && Number.isInteger(seconds) && seconds >= 0, 'an end is none');
  }
  for (const { bytes } of table.quotas.values()) hold(isCount(bytes), 'a quota is none');
  for (const { bytesPerSecond } of table.limits.values()) hold(isCount(bytesPerSecond), 'a limit is none');
  for (const address of table.speedOf.keys()) hold(isIP(address) > 0, 'an address is none');
}

function isCount(value: bigint): boolean {
  return value >= 0n && value < 2n ** 64n;
}
