import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { join as joinController } from '../../agent/commands/join.ts';
import { systemClock } from '../../common/clock.ts';
import { parseJoinCommand } from '../unit/controller/node-stand-in.ts';
import { startController } from '../unit/controller/rig.ts';
import { type Foreign, works } from './foreign.ts';

const project = resolve(import.meta.dirname, '../..');

/** gRPC by Google's own library, from our .proto files alone. */
export const grpcio: Foreign = {
  name: 'grpcio',
  holds: 'a node in Python joins Sync and Report with a certificate of ours, and gets nowhere without',
  missing: () =>
    works('python3', '-c', 'import grpc, grpc_tools')
      ? undefined
      : 'grpcio and grpcio-tools (PyPI) for python3',
  run: async () => {
    const controller = await startController();
    const directory = await mkdtemp(join(tmpdir(), 'turnpike-foreign-'));
    try {
      const { turnpike } = controller;
      const { joinCommand } = await turnpike.json(
        'node',
        'add',
        'fra1',
        '--endpoint',
        'fra1.example.net:51820',
      );
      await turnpike.json('tariff', 'add', 'monthly', '--volume', '50GB');
      await turnpike.json('account', 'add', 'customer');
      const sold = ['--account', 'customer', '--tariff', 'monthly'];
      const { id } = await turnpike.json('subscription', 'create', ...sold);
      const { device } = await turnpike.json('device', 'add', id);
      const stateDirectory = join(directory, 'state');
      await mkdir(stateDirectory, { mode: 0o700 });
      const { identity } = await joinController(
        { ...parseJoinCommand(joinCommand), stateDirectory, forceNew: false },
        systemClock,
      );
      const files = {
        ca: identity.caCertificate,
        key: identity.privateKey,
        certificate: identity.certificate,
      };
      for (const [name, text] of Object.entries(files)) {
        await writeFile(join(directory, name), text, { mode: 0o600 });
      }
      makeStubs(directory);
      const paths = Object.keys(files).map((name) => join(directory, name));
      const { stdout } = await execa(
        'python3',
        [
          join(import.meta.dirname, 'node.py'),
          directory,
          identity.controllerAddress,
          ...paths,
          id,
          device.id,
        ],
        { timeout: 90_000 },
      );
      const { usedBytes } = await turnpike.json('usage', id);
      if (usedBytes !== '1234') return { kind: 'red', said: `${usedBytes} bytes were booked, not 1234` };
      return { kind: 'green', said: stdout };
    } finally {
      await controller.stop();
      await rm(directory, { recursive: true });
    }
  },
};

function makeStubs(directory: string): void {
  const protos = ['sync', 'usage'].map((name) => `turnpike/v1/${name}.proto`);
  execFileSync('python3', [
    ...['-m', 'grpc_tools.protoc', `-I${join(project, 'proto')}`],
    ...[`--python_out=${directory}`, `--grpc_python_out=${directory}`, ...protos],
  ]);
}
