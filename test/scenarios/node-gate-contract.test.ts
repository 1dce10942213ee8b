import { NftGate } from '../../agent/gate/nft.ts';
import { systemClock } from '../../common/clock.ts';
import { a, b, gateContract } from '../contracts/gate.ts';
import { DatagramEnd } from '../node/datagrams.ts';
import { addAddress, connect, createNamespace, uniqueInterface } from '../node/namespace.ts';

const own = { address4: '10.64.0.1', address6: 'fd74:7572:6e70::1' };
const port = 5000;

// A cable takes the tunnel's place: the gate sees an interface and addresses, whoever is behind it.
gateContract('the gate in the kernel', async () => {
  const node = await createNamespace();
  const clients = await createNamespace();
  const interfaceName = uniqueInterface();
  await connect(node, interfaceName, clients, 'node');
  await addAddress(node, interfaceName, `${own.address4}/16`, `${own.address6}/64`);
  for (const { address4, address6 } of [a, b])
    await addAddress(clients, 'node', `${address4}/16`, `${address6}/64`);
  // Neighbours are entered by hand: a gate that drops everything drops the questions for them too.
  await introduce(node, interfaceName, clients, 'node', [a, b]);
  await introduce(clients, 'node', node, interfaceName, [own]);
  const gate = new NftGate({ run: node.run, stream: node.stream, open: node.open, clock: systemClock });

  const ends = { node: new DatagramEnd(node.name), clients: new DatagramEnd(clients.name) };
  for (const address of [own.address4, own.address6]) await ends.node.listen(address, port);
  for (const address of [a, b].flatMap(({ address4, address6 }) => [address4, address6])) {
    await ends.clients.listen(address, port);
  }

  return {
    gate,
    frame: {
      interfaceName,
      range4: '10.64.0.0/16',
      range6: 'fd74:7572:6e70::/64',
      ...own,
      ipv6: true,
      mtu: 1420,
    },
    carry: async (direction, address, count, bytes) => {
      const ownAddress = address.includes(':') ? own.address6 : own.address4;
      if (direction === 'upload') {
        await ends.clients.send(address, ownAddress, port, count, bytes);
        return ends.node.received(address, count);
      }
      await ends.node.send(ownAddress, address, port, count, bytes);
      return ends.clients.received(ownAddress, count);
    },
    flush: async () => void (await node.run(['nft', 'flush', 'ruleset'])),
    forget: async (address) => {
      const family = address.includes(':') ? 6 : 4;
      for (const set of ['up', 'down', 'unlimited', 'idle', 'unheard']) {
        const list = `inet turnpike ${set}${family} { ${address} }`;
        await node.run(['nft', '-f', '-'], { input: `add element ${list}\ndelete element ${list}\n` });
      }
    },
    close: async () => {
      await ends.node.close();
      await ends.clients.close();
      await node.remove();
      await clients.remove();
    },
  };
});

type Where = Awaited<ReturnType<typeof createNamespace>>;

async function introduce(
  to: Where,
  toName: string,
  who: Where,
  whoName: string,
  addresses: readonly { address4: string; address6: string }[],
): Promise<void> {
  const shown = await who.run(['ip', '-j', 'link', 'show', 'dev', whoName]);
  const [{ address: hardware }] = JSON.parse(shown) as [{ address: string }];
  for (const address of addresses.flatMap(({ address4, address6 }) => [address4, address6])) {
    await to.run([
      'ip',
      'neighbour',
      'replace',
      address,
      'lladdr',
      hardware,
      'nud',
      'permanent',
      'dev',
      toName,
    ]);
  }
}
