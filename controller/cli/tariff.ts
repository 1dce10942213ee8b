import { type Command, Option } from 'commander';
import { parseSize } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { Tariff } from './api.ts';
import { parseCount } from './arguments.ts';
import type { OpenSession } from './session.ts';
import { showVolume } from './show.ts';
import { renderProperties, renderTable } from './table.ts';

interface AddOptions {
  readonly volume?: string;
  readonly unlimited?: boolean;
  readonly maxDevices?: number;
  readonly group?: string;
}

export function addTariffVerbs(program: Command, open: OpenSession): void {
  const family = program.command('tariff').description('the limits that are sold');

  family
    .command('add <name>')
    .description('adds a tariff with a volume, or an unlimited one')
    .addOption(new Option('--volume <size>', 'volume, such as 50GB (10^9) or 50GiB (2^30)'))
    .addOption(new Option('--unlimited', 'without a volume').conflicts('volume'))
    .option(
      '--max-devices <number>',
      'devices per subscription; as many as one likes unless given',
      parseCount,
    )
    .option('--group <name>', 'the group of nodes that may be used (default: "default")')
    .action(async (name: string, options: AddOptions, command: Command) => {
      const { api, print } = open(command);
      const tariff = await api.send<Tariff>('POST', '/v1/tariffs', {
        name,
        volumeBytes: readVolume(options),
        ...(options.maxDevices === undefined ? {} : { maxDevices: options.maxDevices }),
        ...(options.group === undefined ? {} : { group: options.group }),
      });
      print(tariff, () => `tariff ${tariff.name} added: ${showVolume(tariff.volumeBytes)}`);
    });

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const tariffs = await api.all<Tariff>('/v1/tariffs');
      print(tariffs, () =>
        renderTable(
          ['name', 'volume', 'devices', 'group', 'enforcement', 'id'],
          tariffs.items.map((tariff) => [
            tariff.name,
            showVolume(tariff.volumeBytes),
            tariff.maxDevices === null ? 'any' : String(tariff.maxDevices),
            tariff.group,
            tariff.enforcement,
            tariff.id,
          ]),
        ),
      );
    });

  family
    .command('show <tariff>')
    .description('everything about one')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const tariff = await api.get<Tariff>(`/v1/tariffs/${encodeURIComponent(name)}`);
      print(tariff, () =>
        renderProperties([
          ['name', tariff.name],
          ['id', tariff.id],
          ['volume', showVolume(tariff.volumeBytes)],
          ['devices', tariff.maxDevices === null ? 'any number' : `at most ${tariff.maxDevices}`],
          ['group', tariff.group],
          ['enforcement', tariff.enforcement],
        ]),
      );
    });
}

/** Digits, or null for unlimited. */
function readVolume({ volume, unlimited }: AddOptions): string | null {
  if (unlimited) return null;
  if (volume !== undefined) return String(parseSize(volume));
  throw new TurnpikeError('invalid', 'a tariff needs --volume SIZE or --unlimited');
}
