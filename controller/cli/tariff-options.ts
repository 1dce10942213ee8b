import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseSize } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { parseSpeed } from '../../common/speed.ts';
import { parseCount, readCount } from './arguments.ts';
import { given } from './client.ts';
import type { Tariff } from './gen/api.ts';

/** What becomes null: commander makes a text of it. */
const none = Symbol('none');

export interface TariffOptions {
  readonly volume?: string;
  readonly unlimited?: boolean;
  readonly maxDevices?: number | typeof none;
  readonly maxConnections?: number | typeof none;
  readonly seatPolicy?: Tariff['seatPolicy'];
  readonly sharedKey?: Tariff['sharedKey'];
  readonly requireHardwareId?: boolean;
  readonly download?: number | typeof none;
  readonly upload?: number | typeof none;
  readonly speedScope?: Tariff['speedScope'];
  readonly volumeEnd?: 'block';
  readonly throttle?: number;
  readonly thresholds?: number[];
  readonly period?: Pick<Tariff, 'period' | 'periodDays'>;
  readonly rollover?: boolean;
  readonly duration?: number | typeof none;
  readonly grace?: number;
}

/** The limits that are sold, as `tariff add` and `tariff set` take them. */
export function withLimits(command: Command): Command {
  return command
    .addOption(new Option('--volume <size>', 'volume of each period, such as 50GB (10^9) or 50GiB (2^30)'))
    .addOption(new Option('--unlimited', 'without a volume').conflicts('volume'))
    .option('--max-devices <number>', 'devices per subscription, or any', parseCountOrAny)
    .option('--max-connections <number>', 'devices that may pass traffic at once, or any', parseCountOrAny)
    .addOption(
      new Option('--seat-policy <policy>', 'when one more wants to connect than may').choices([
        'reject-new',
        'evict-oldest',
      ]),
    )
    .addOption(
      new Option(
        '--shared-key <action>',
        'a key on two devices is an event; count: one more connection too',
      ).choices(['notify', 'count']),
    )
    .option('--require-hardware-id', 'devices are added with a hardware id only')
    .option('--no-require-hardware-id', 'devices are added without one too')
    .option(
      '--download <speed>',
      'such as 50Mbit (50,000,000 bits per second), or unlimited',
      parseSpeedOrNone,
    )
    .option('--upload <speed>', 'such as 10Mbit, or unlimited', parseSpeedOrNone)
    .addOption(
      new Option('--speed-scope <scope>', 'each device has that speed, or they share it').choices([
        'device',
        'subscription',
      ]),
    )
    .addOption(new Option('--volume-end <action>', 'closed when the volume is used up').choices(['block']))
    .addOption(
      new Option('--throttle <speed>', 'slowed down to that when the volume is used up, such as 1Mbit')
        .argParser(parseSpeedArgument)
        .conflicts('volumeEnd'),
    )
    .option(
      '--thresholds <percents>',
      'percents used at which there is an event, such as 80,95',
      parsePercents,
    )
    .option('--period <period>', 'once, month, or days such as 30d', parsePeriod)
    .option('--rollover', 'what a period leaves over is added to the next one')
    .option('--no-rollover', 'what a period leaves over is lost')
    .option('--duration <days>', 'from the start to the expiry, such as 30d, or none', parseDaysOrNone)
    .option('--grace <time>', 'service after the expiry, such as 3d or 12h; 0 for none', parseGrace);
}

/** As the API takes them; what was not given is absent. */
export function toLimits(options: TariffOptions) {
  const { volume, unlimited, period, volumeEnd } = options;
  return given({
    volumeBytes: unlimited ? null : volume === undefined ? undefined : String(parseSize(volume)),
    maxDevices: orNull(options.maxDevices),
    maxConnections: orNull(options.maxConnections),
    seatPolicy: options.seatPolicy,
    sharedKey: options.sharedKey,
    requireHardwareId: options.requireHardwareId,
    downloadBitsPerSecond: orNull(options.download),
    uploadBitsPerSecond: orNull(options.upload),
    speedScope: options.speedScope,
    throttleBitsPerSecond: volumeEnd === 'block' ? null : options.throttle,
    thresholds: options.thresholds,
    ...period,
    rollover: options.rollover,
    durationDays: orNull(options.duration),
    graceSeconds: options.grace,
  });
}

function orNull<Value>(value: Value | typeof none): Value | null {
  return value === none ? null : value;
}

function parseCountOrAny(text: string): number | typeof none {
  if (text === 'any') return none;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number, or any.');
  return readCount(text);
}

function parseSpeedOrNone(text: string): number | typeof none {
  return text === 'unlimited' ? none : parseSpeedArgument(text);
}

function parseSpeedArgument(text: string): number {
  try {
    return parseSpeed(text);
  } catch (error) {
    if (error instanceof TurnpikeError)
      throw new InvalidArgumentError([error.message, error.remedy].filter(Boolean).join(': '));
    throw error;
  }
}

function parsePercents(text: string): number[] {
  if (text.trim() === '') return [];
  return text.split(',').map((percent) => parseCount(percent.trim().replace(/%$/, '')));
}

function parsePeriod(text: string): Pick<Tariff, 'period' | 'periodDays'> {
  if (text === 'once' || text === 'month') return { period: text, periodDays: null };
  const days = /^(\d+)d$/.exec(text)?.[1];
  if (days === undefined) throw new InvalidArgumentError('It must be once, month, or days such as 30d.');
  return { period: 'days', periodDays: readCount(days) };
}

function parseDaysOrNone(text: string): number | typeof none {
  if (text === 'none') return none;
  const days = /^(\d+)d$/.exec(text)?.[1];
  if (days === undefined) throw new InvalidArgumentError('It must be days such as 30d, or none.');
  return readCount(days);
}

const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

function parseGrace(text: string): number {
  if (text === '0') return 0;
  const match = /^(\d+)([smhd])$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a time such as 3d or 12h, or 0.');
  const [, count = '', unit] = match;
  return Math.min(readCount(count) * seconds[unit as keyof typeof seconds], Number.MAX_SAFE_INTEGER);
}
