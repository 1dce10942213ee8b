import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { allPages, answerOf, given, inPath } from './client.ts';
import { fetchClientConfig, renderClientConfig } from './client-config.ts';
import type { Device, KeyedDevice } from './gen/api.ts';
import { type OpenSession, readSecret, type Session } from './session.ts';
import { showAccess, showBytes, showTime } from './show.ts';
import { renderProperties, renderTable } from './table.ts';

interface KeyOptions {
  readonly publicKey?: string;
  readonly node?: string;
  readonly qr?: boolean;
}

interface AddOptions extends KeyOptions {
  readonly hardwareId?: string;
  readonly label?: string;
  readonly platform?: string;
}

interface SetOptions {
  readonly label?: string;
  readonly platform?: string;
}

interface ConfigOptions {
  readonly node: string;
  readonly privateKeyFile?: string;
  readonly qr?: boolean;
}

export function addDeviceVerbs(program: Command, open: OpenSession): void {
  const family = program
    .command('device')
    .description('a public key with its tunnel addresses, the same on every node');

  family
    .command('add <subscription>')
    .description('adds a device; without --public-key a key pair is made, and its private half shown once')
    .option('--public-key <base64>', "the device's own public key")
    .option('--label <text>', 'a name to tell devices apart')
    .option('--platform <text>', 'such as ios')
    .option(
      '--hardware-id <text>',
      'what stays the same on one machine: the same one again replaces its device',
    )
    .option('--node <name>', 'also print the configuration for this node')
    .option('--qr', 'and, with --node, that configuration as a QR code')
    .action(async (subscription: string, options: AddOptions, command: Command) => {
      const session = open(command);
      refuseUselessCode(options);
      const { publicKey, label, platform, hardwareId } = options;
      await refuseUnknownNode(session, options.node);
      const body = { subscription, ...given({ publicKey, label, platform, hardwareId }) };
      const added = await answerOf(session.api.POST('/v1/devices', { body }));
      await printKeyed(session, added, options, 'added');
    });

  family
    .command('list')
    .description('lists the active ones')
    .option('--subscription <id>', 'of this subscription only')
    .option('--status <status>', 'active, replaced or revoked ones')
    .option('--search <text>', 'whose label begins so')
    .option('--shared-key', 'whose key looks used in two places at once')
    .action(
      async (
        filter: {
          subscription?: string;
          status?: Device['status'];
          search?: string;
          sharedKey?: true;
        },
        command: Command,
      ) => {
        const { api, print } = open(command);
        const { subscription, status, search, sharedKey } = filter;
        const page = await allPages((paging) =>
          api.GET('/v1/devices', {
            params: { query: { ...given({ subscription, status, search, sharedKey }), ...paging } },
          }),
        );
        print(page, () => deviceTable(page.items));
      },
    );

  family
    .command('show <device>')
    .description('everything about one')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const device = await answerOf(api.GET('/v1/devices/{device}', at(id)));
      print(device, () => renderDevice(device));
    });

  family
    .command('config <device>')
    .description('the text that wg-quick and the WireGuard apps read, for one node')
    .requiredOption('--node <name>', 'name or id of the node')
    .option('--private-key-file <path>', 'put this private key in ("-": from standard input); it stays here')
    .option('--qr', 'and as a QR code for a phone')
    .action(async (id: string, options: ConfigOptions, command: Command) => {
      const session = open(command);
      const privateKey =
        options.privateKeyFile === undefined
          ? undefined
          : await readSecret(session.terminal, 'private key', options.privateKeyFile);
      if (options.qr && privateKey === undefined) {
        throw new TurnpikeError('invalid', 'a QR code without the private key is of no use', {
          remedy: 'give it with --private-key-file',
        });
      }
      const config = await fetchClientConfig(session.api, id, options.node, privateKey);
      const drawn = await renderClientConfig(config, options.qr === true);
      session.print({ config }, () => drawn);
    });

  family
    .command('set <device>')
    .description('changes label or platform; an empty text takes it away')
    .option('--label <text>', 'a name to tell devices apart')
    .option('--platform <text>', 'such as ios')
    .action(async (id: string, { label, platform }: SetOptions, command: Command) => {
      const { api, print } = open(command);
      if (label === undefined && platform === undefined) {
        throw new TurnpikeError('invalid', 'nothing is given that should change', {
          remedy: 'give --label or --platform',
        });
      }
      const orNone = (text: string | undefined) => (text === '' ? null : text);
      const body = given({ label: orNone(label), platform: orNone(platform) });
      const device = await answerOf(api.PATCH('/v1/devices/{device}', { ...at(id), body }));
      print(device, () => renderDevice(device));
    });

  family
    .command('rekey <device>')
    .description('gives it other keys; addresses and usage stay')
    .option('--public-key <base64>', "the device's new public key; otherwise a pair is made")
    .option('--node <name>', 'also print the configuration for this node')
    .option('--qr', 'and, with --node, that configuration as a QR code')
    .action(async (id: string, options: KeyOptions, command: Command) => {
      const session = open(command);
      refuseUselessCode(options);
      await refuseUnknownNode(session, options.node);
      const body = given({ publicKey: options.publicKey });
      const rekeyed = await answerOf(session.api.POST('/v1/devices/{device}/rekey', { ...at(id), body }));
      await printKeyed(session, rekeyed, options, 'rekeyed');
    });

  family
    .command('remove <device>')
    .description('closes it on every node, at once and for good')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const device = await answerOf(api.DELETE('/v1/devices/{device}', at(id)));
      print(device, () => `device ${id} removed`);
    });
}

const at = (device: string) => inPath({ device });

/** Before keys are made, of which the private one is shown once. */
function refuseUselessCode({ qr, publicKey, node }: KeyOptions): void {
  if (!qr) return;
  if (publicKey !== undefined) {
    throw new TurnpikeError('invalid', 'a QR code without the private key is of no use', {
      remedy:
        'leave out --qr; then turnpike device config DEVICE --node NAME --private-key-file PATH --qr draws it where the private key is',
    });
  }
  if (node === undefined) {
    throw new TurnpikeError('invalid', 'a QR code holds the configuration for one node, and none is named', {
      remedy: 'name it with --node NAME, or leave out --qr',
    });
  }
}

/** Before keys are made: what cannot be had afterwards should not have been begun. */
async function refuseUnknownNode({ api }: Session, name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const node = await answerOf(api.GET('/v1/nodes/{node}', inPath({ node: name })));
  if (node.publicKey === null) {
    throw new TurnpikeError('conflict', `node ${node.name} has not been connected yet: its key is unknown`, {
      remedy: 'join it and start its agent first, or leave out --node',
    });
  }
}

async function printKeyed(session: Session, keyed: KeyedDevice, options: KeyOptions, what: string) {
  const { device, privateKey } = keyed;
  const head = `device ${device.id} ${what}: ${device.address4}, ${device.address6}`;
  const once = 'private key, shown this once and stored nowhere';
  const printWithoutConfig = () => {
    const key = privateKey === undefined ? [] : [`${once}: ${privateKey}`];
    session.print(keyed, () => [head, ...key].join('\n'));
  };
  if (options.node === undefined) return printWithoutConfig();
  let config: string;
  try {
    config = await fetchClientConfig(session.api, device.id, options.node, privateKey);
  } catch (error) {
    // It is done, and the key is nowhere but here.
    printWithoutConfig();
    throw error;
  }
  const drawn = await renderClientConfig(config, options.qr === true);
  const heads = privateKey === undefined ? [`# ${head}`] : [`# ${head}`, `# with the ${once}`];
  session.print({ ...keyed, config }, () => [...heads, drawn].join('\n'));
}

function deviceTable(devices: readonly Device[]): string {
  return renderTable(
    ['device', 'label', 'address', 'access', 'key', 'connected to', 'last seen', 'upload', 'download'],
    devices.map((device) => [
      device.id,
      device.label ?? '',
      device.address4,
      showAccess(device.access),
      device.sharedKey ? 'in two places' : '',
      device.connectedNodes.join(', '),
      device.lastSeenDay ?? 'never',
      showBytes(device.uploadBytes),
      showBytes(device.downloadBytes),
    ]),
  );
}

function renderDevice(device: Device): string {
  return renderProperties([
    ['device', device.id],
    ['label', device.label ?? undefined],
    ['platform', device.platform ?? undefined],
    ['subscription', device.subscriptionId],
    ['status', device.status],
    ['replaced by', device.replacedBy ?? undefined],
    ['public key', device.publicKey ?? undefined],
    ['addresses', `${device.address4}, ${device.address6}`],
    ['access', showAccess(device.access)],
    ['connected to', device.connectedNodes.join(', ') || 'no node'],
    ['seat on', device.seatNode ?? undefined],
    ['key', device.sharedKey ? 'looks used in two places at once' : undefined],
    ['last seen', device.lastSeenDay ?? 'never'],
    ['upload', showBytes(device.uploadBytes)],
    ['download', showBytes(device.downloadBytes)],
    ['added', showTime(device.createdAt)],
    ['removed', device.removedAt === null ? undefined : showTime(device.removedAt)],
  ]);
}
