import { describe, expect, it } from 'vitest';
import type { GateEvent } from './model.ts';
import { MonitorReader } from './watch.ts';

const own = 4711;
const foreign = 815;

function news(...lines: string[]): (GateEvent | undefined)[] {
  const reader = new MonitorReader((pid) => pid === own);
  return lines.map((line) => reader.read(line));
}

const generation = (pid: number) => `# new generation 7 by process ${pid} (nft)`;

// The lines are as nft 1.0.6 prints them.
describe('MonitorReader', () => {
  it('reports a quota that ran dry, whatever family the packet had', () => {
    expect(news('add quota ip turnpike q_1 { 1000 bytes used 1000 bytes } ')).toEqual([{ exhausted: '1' }]);
    expect(news('add quota ip6 turnpike q_1 { 1 mbytes used 1 mbytes } ')).toEqual([{ exhausted: '1' }]);
  });

  it('tells the bells by their names', () => {
    expect(news('add quota ip turnpike bell_refusal { 1 bytes used 1 bytes } ')).toEqual(['refusal']);
    expect(news('add quota ip turnpike bell_arrival { 16 kbytes used 16 kbytes } ')).toEqual(['arrival']);
  });

  it('reports what others do to our table when they have done it', () => {
    expect(news('delete table inet turnpike', generation(foreign))).toEqual([undefined, 'touched']);
    expect(
      news('delete element inet turnpike up4 { 10.64.0.2 counter packets 0 bytes 0 }', generation(foreign)),
    ).toEqual([undefined, 'touched']);
  });

  it('keeps silent about our own transactions, and reports the next foreign one', () => {
    expect(
      news(
        'add quota inet turnpike q_2 { 100 bytes } ',
        'add element inet turnpike grant4 { 10.64.0.2 timeout 9s expires 9s : "q_2" }',
        generation(own),
        'delete rule inet turnpike upload handle 7',
        generation(foreign),
      ),
    ).toEqual([...Array(4), 'touched']);
  });

  it('does not care about tables of others', () => {
    expect(news('delete table inet filter', 'add rule ip nat turnpike counter', generation(foreign))).toEqual(
      [undefined, undefined, undefined],
    );
  });

  it('reports when nft says that it lost events', () => {
    expect(news('# ERROR: We lost some netlink events!')).toEqual(['touched']);
  });
});
