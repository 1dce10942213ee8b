import fc from 'fast-check';
import { MonitorReader } from '../../../agent/gate/watch.ts';
import { canaries } from '../expect.ts';
import { mutatedText } from '../mutate.ts';
import { plainTarget } from '../target.ts';

const monitored = [
  'add quota inet turnpike q_sub_x_1 { 1000 bytes used 1000 bytes }\n',
  `delete element inet turnpike idle4 { ${canaries[0]} }\n# new generation 7 by process 4242 (nft)\n`,
  '# ERROR: netlink\n',
] as const;

export const nftOutput = plainTarget(
  {
    name: 'nft-output',
    holds: 'whatever `nft monitor` prints is understood or passed over',
    files: ['agent/gate/watch.ts'],
  },
  () =>
    fc.asyncProperty(mutatedText(monitored as never), async (lines) => {
      const reader = new MonitorReader((pid) => pid === 4242);
      for (const line of lines.split('\n')) reader.read(line);
    }) as never,
);
