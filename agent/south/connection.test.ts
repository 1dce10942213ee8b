import { pino } from 'pino';
import { expect, it } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { ControllerConnection } from './connection.ts';

const identity = {
  nodeId: 'nod_0123456789abcdef',
  nodeName: 'ams-1',
  incarnation: 1,
  controllerAddress: '192.0.2.1:7443',
  enrolmentAddress: '192.0.2.1:7444',
  privateKey: '',
  certificate: '',
  caCertificate: '',
};

function connectionWithLog() {
  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  return { lines, connection: new ControllerConnection(identity, systemClock, log) };
}

it('what waits for its next attempt goes on as soon as the controller is back', async () => {
  const { connection } = connectionWithLog();
  connection.failed({ kind: 'lost', reason: '' });
  const waiting = connection.sleepUntilConnected(3600_000, new AbortController().signal);
  connection.connected();
  await waiting;
});

it('a stop ends the wait as well', async () => {
  const { connection } = connectionWithLog();
  const stop = new AbortController();
  const waiting = connection.sleepUntilConnected(3600_000, stop.signal);
  stop.abort();
  await waiting;
});

it('an outage is logged once, without addresses, and so is its end', () => {
  const { connection, lines } = connectionWithLog();
  const reason = 'connect ECONNREFUSED 192.0.2.1:7443';
  for (let attempt = 0; attempt < 5; attempt += 1) connection.failed({ kind: 'lost', reason });
  connection.connected();
  connection.connected();
  expect(lines.map(({ msg }) => msg)).toEqual([
    'the controller is out of reach; serving on within what was granted',
    'connected to the controller',
  ]);
  expect(JSON.stringify(lines)).not.toContain('192.0.2.1');
});

it.each(['refused', 'revoked'] as const)('%s is an error with what to do', (kind) => {
  const { connection, lines } = connectionWithLog();
  for (let attempt = 0; attempt < 2; attempt += 1) connection.failed({ kind, reason: 'words' });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 50, reason: 'words', msg: expect.stringContaining('new token') });
  expect(connection.state).toBe(kind);
});
