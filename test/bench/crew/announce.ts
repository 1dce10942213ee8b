import { createThrough } from '../../lab/api.ts';
import type { Controller } from '../../lab/controller.ts';
import { joinWords } from '../../lab/node.ts';
import type { Ticket } from './protocol.ts';

/** Below what the controller admits at once from one address. */
const callersPerAddress = 25;

/**
 * Makes nodes known, and gives what they join with. Everybody dials from the controller's own host, whose addresses stand
 * for many callers.
 */
export async function announce(
  { host, socket }: Controller,
  names: readonly string[],
  groupOf: (name: string) => string = () => 'default',
): Promise<Ticket[]> {
  const address = (number: number) => `10.92.0.${1 + Math.floor(number / callersPerAddress)}`;
  const addresses = new Set(names.map((_, number) => address(number)));
  await host.run(['ip', '-batch', '-'], {
    input: [...addresses].map((one) => `addr replace ${one}/32 dev lo\n`).join(''),
  });
  const tickets: Ticket[] = [];
  for (const [number, name] of names.entries()) {
    const body = { name, group: groupOf(name), endpoint: `192.0.2.254:${10_000 + number}` };
    const made = await createThrough<{ joinCommand: string }>(socket, '/v1/nodes', body);
    const [, , , token = '', , pin = ''] = joinWords(made);
    tickets.push({ enrolment: `${address(number)}:7444`, token, pin });
  }
  return tickets;
}
