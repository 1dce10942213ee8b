import { connect, createServer, type Socket } from 'node:net';
import { parseHostPort } from '../../../common/host-port.ts';
import type { Cleanup } from './rig.ts';

/** A stretch of network between node and controller, which a test can hold up or cut. */
export interface Relay {
  readonly address: string;
  /** Nothing more goes from the controller to the node; nobody notices at once. */
  hold(): void;
  /** All connections break. New ones may be made. */
  cut(): void;
}

export async function startRelay(cleanup: Cleanup, to: string): Promise<Relay> {
  const links = new Set<{ down: Socket; up: Socket }>();
  const server = createServer((down) => {
    const up = connect(parseHostPort(to));
    const link = { down, up };
    links.add(link);
    down.on('data', (bytes) => up.write(bytes));
    up.on('data', (bytes) => down.write(bytes));
    const close = () => {
      down.destroy();
      up.destroy();
      links.delete(link);
    };
    for (const socket of [down, up]) socket.on('error', close).on('close', close);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const { down, up } of links) {
      down.destroy();
      up.destroy();
    }
  };
  cleanup.add(async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    hold: () => {
      for (const { up } of links) up.pause();
    },
    cut,
  };
}
