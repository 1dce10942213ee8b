import { Command } from 'commander';
import { expect, it } from 'vitest';
import { describeError, TurnpikeError } from '../../common/errors.ts';
import { inOptions, optionOf } from './option-names.ts';
import { toLimits, withLimits } from './tariff-options.ts';

const topUp = new Command('top-up').argument('<size>').option('--expires <date>');
const device = new Command('add').argument('<subscription>').option('--hardware-id <text>');
const webhook = new Command('set').argument('<webhook>').option('--to <url>');
const config = new Command('config').argument('<device>').option('--private-key-file <path>');
const tariff = withLimits(new Command('add'));

it('every field that a tariff is sold by has its option', () => {
  const given = [
    ...['--volume', '1GB', '--max-devices', '1', '--max-connections', '1', '--seat-policy', 'reject-new'],
    ...['--shared-key', 'count', '--require-hardware-id', '--download', '1Mbit', '--upload', '1Mbit'],
    ...['--speed-scope', 'device', '--throttle', '1Mbit', '--thresholds', '80', '--period', '30d'],
    ...['--rollover', '--duration', '30d', '--grace', '1h'],
  ];
  const command = withLimits(new Command('add')).parse(given, { from: 'user' });
  const fields = Object.keys(toLimits(command.opts()));
  expect(Object.fromEntries(fields.map((field) => [field, optionOf(field, command)]))).toEqual({
    volumeBytes: '--volume',
    maxDevices: '--max-devices',
    maxConnections: '--max-connections',
    seatPolicy: '--seat-policy',
    sharedKey: '--shared-key',
    requireHardwareId: '--require-hardware-id',
    downloadBitsPerSecond: '--download',
    uploadBitsPerSecond: '--upload',
    speedScope: '--speed-scope',
    throttleBitsPerSecond: '--throttle',
    thresholds: '--thresholds',
    period: '--period',
    periodDays: '--period',
    rollover: '--rollover',
    durationDays: '--duration',
    graceSeconds: '--grace',
  });
});

it.each([
  [tariff, 'periodDays', 'periodDays: 0 cannot be', '--period (in days): 0 cannot be'],
  [tariff, 'periodDays', 'periodDays must be a whole number', '--period (in days) must be a whole number'],
  [tariff, 'volumeBytes', 'volumeBytes: a volume of 0 B', '--volume: a volume of 0 B'],
  [topUp, 'expires', 'expires: that time is over', '--expires: that time is over'],
  [topUp, 'bytes', 'bytes: 5 GB are too many', '<size>: 5 GB are too many'],
  [webhook, 'url', 'url: that is no address', '--to: that is no address'],
  [config, 'privateKey', 'privateKey must be a key', '--private-key-file must be a key'],
  // Where it is a word of the sentence, it stays.
  [topUp, 'expires', 'what expires is over', 'what expires is over'],
  // What somebody gave, and what the command has not, stay as they are.
  [device, 'hardwareId', 'no hardwareId "hardwareId"', 'no --hardware-id "hardwareId"'],
  [device, 'volumeBytes', 'volumeBytes: too many', 'volumeBytes: too many'],
])('a problem is told by options and arguments: %#', (command, field, message, said) => {
  const error = new TurnpikeError('invalid', message, { field });
  expect(describeError(inOptions(error, command))).toBe(said);
  // Nothing of it came from the API.
  const own = new TurnpikeError('invalid', message);
  expect(inOptions(own, command)).toBe(own);
});
