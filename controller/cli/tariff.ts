import type { Command } from 'commander';
import { TurnpikeError } from '../../common/errors.ts';
import { formatSpeed } from '../../common/speed.ts';
import { allPages, answerOf, given, inPath } from './client.ts';
import type { Tariff, TariffChange } from './gen/api.ts';
import { optionsOf } from './option-names.ts';
import type { OpenSession } from './session.ts';
import { showFlag, showSeconds, showVolume } from './show.ts';
import { renderProperties, renderTable } from './table.ts';
import { type TariffOptions, toLimits, withLimits } from './tariff-options.ts';

interface AddOptions extends TariffOptions {
  readonly group?: string;
}

export function addTariffVerbs(program: Command, open: OpenSession): void {
  const family = program.command('tariff').description('the limits that are sold');

  withLimits(family.command('add <name>').description('adds a tariff with a volume, or an unlimited one'))
    .option('--group <name>', 'the group of nodes that may be used (default: "default")')
    .action(async (name: string, options: AddOptions, command: Command) => {
      if (options.volume === undefined && !options.unlimited) {
        throw new TurnpikeError('invalid', 'a tariff needs --volume SIZE or --unlimited');
      }
      const { api, print } = open(command);
      const { volumeBytes = null, ...limits } = toLimits(options);
      const body = { name, volumeBytes, ...limits, ...given({ group: options.group }) };
      const tariff = await answerOf(api.POST('/v1/tariffs', { body }));
      print(tariff, () => `tariff ${tariff.name} added: ${showVolume(tariff.volumeBytes)}`);
    });

  family
    .command('list')
    .description('lists them all')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const tariffs = await allPages((query) => api.GET('/v1/tariffs', { params: { query } }));
      print(tariffs, () => tariffTable(tariffs.items));
    });

  family
    .command('show <tariff>')
    .description('everything about one')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const tariff = await answerOf(api.GET('/v1/tariffs/{tariff}', at(name)));
      print(tariff, () => renderTariff(tariff));
    });

  withLimits(
    family
      .command('set <tariff>')
      .description('changes what is given and leaves the rest; says what is in force when'),
  ).action(async (name: string, options: TariffOptions, command: Command) => {
    const { api, print } = open(command);
    const body = toLimits(options);
    const change = await answerOf(api.PATCH('/v1/tariffs/{tariff}', { ...at(name), body }));
    print(change, () => renderChange(change, command));
  });

  family
    .command('remove <tariff>')
    .description('removes one that has no subscriptions')
    .action(async (name: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const tariff = await answerOf(api.DELETE('/v1/tariffs/{tariff}', at(name)));
      print(tariff, () => `tariff ${tariff.name} removed`);
    });
}

const at = (tariff: string) => inPath({ tariff });

function tariffTable(tariffs: readonly Tariff[]): string {
  return renderTable(
    [
      'name',
      'volume',
      'period',
      'devices',
      'connections',
      'download',
      'upload',
      'group',
      'enforcement',
      'id',
    ],
    tariffs.map((tariff) => [
      tariff.name,
      showVolume(tariff.volumeBytes),
      showPeriod(tariff),
      showNumber(tariff.maxDevices),
      showNumber(tariff.maxConnections),
      showSpeed(tariff.downloadBitsPerSecond),
      showSpeed(tariff.uploadBitsPerSecond),
      tariff.group,
      tariff.enforcement,
      tariff.id,
    ]),
  );
}

function renderTariff(tariff: Tariff): string {
  const limited = tariff.volumeBytes !== null;
  const speeds = [tariff.downloadBitsPerSecond, tariff.uploadBitsPerSecond];
  return renderProperties([
    ['name', tariff.name],
    ['id', tariff.id],
    ['volume', showVolume(tariff.volumeBytes)],
    ['period', showPeriod(tariff)],
    ['rollover', tariff.period === 'once' ? undefined : showFlag(tariff.rollover)],
    [
      'volume end',
      limited
        ? tariff.throttleBitsPerSecond === null
          ? 'block'
          : `throttle to ${formatSpeed(tariff.throttleBitsPerSecond)}`
        : undefined,
    ],
    ['thresholds', tariff.thresholds.map((percent) => `${percent} %`).join(', ') || undefined],
    ['devices', tariff.maxDevices === null ? 'any number' : `at most ${tariff.maxDevices}`],
    [
      'connections',
      tariff.maxConnections === null
        ? 'any number'
        : `at most ${tariff.maxConnections} at once, ${tariff.seatPolicy}`,
    ],
    ['shared key', tariff.sharedKey],
    ['hardware id', tariff.requireHardwareId ? 'required' : 'not required'],
    ['download', showSpeed(tariff.downloadBitsPerSecond)],
    ['upload', showSpeed(tariff.uploadBitsPerSecond)],
    ['speed per', speeds.some((speed) => speed !== null) ? tariff.speedScope : undefined],
    ['duration', tariff.durationDays === null ? 'until it is ended' : `${tariff.durationDays} days`],
    ['grace', tariff.graceSeconds === 0 ? 'none' : showSeconds(tariff.graceSeconds)],
    ['group', tariff.group],
    ['enforcement', tariff.enforcement],
  ]);
}

function renderChange({ tariff, subscriptions, waiting, ...when }: TariffChange, command: Command): string {
  const { atOnce, fromNextPeriod, fromNextRenewal } = when;
  const line = (from: string, fields: readonly string[]) =>
    fields.length === 0 ? [] : [`${from}: ${optionsOf(fields, command).join(', ')}`];
  const lines = [
    ...line('in force now', atOnce),
    ...line("from each one's next period on", fromNextPeriod),
    ...line("from each one's next renewal on", fromNextRenewal),
  ];
  if (lines.length === 0) return `tariff ${tariff.name} is as it was`;
  const coming = waiting === 0 ? '' : `, and for ${waiting} that change to it with their next period`;
  return [`tariff ${tariff.name} changed, for ${subscriptions} subscriptions${coming}`, ...lines].join('\n');
}

function showPeriod({ period, periodDays }: Tariff): string {
  return periodDays === null ? period : `${periodDays} days`;
}

function showNumber(number: number | null): string {
  return number === null ? 'any' : String(number);
}

function showSpeed(bitsPerSecond: number | null): string {
  return bitsPerSecond === null ? 'unlimited' : formatSpeed(bitsPerSecond);
}
