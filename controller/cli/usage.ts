import { type Command, Option } from 'commander';
import { parseCount } from './arguments.ts';
import { answerOf, given } from './client.ts';
import type { DailyUsage, PeriodUsage, Usage } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { showBytes, showTime, showVolume } from './show.ts';
import { renderProperties, renderTable } from './table.ts';

export function addUsageVerb(program: Command, open: OpenSession): void {
  program
    .command('usage <subscription>')
    .description('what a subscription (by id or account) used, by device and by node')
    .option('--period <number>', 'of this period (default: the current one)', parseCount)
    .addOption(new Option('--by <unit>', 'by day, in its time zone').choices(['day']))
    .action(async (subscription: string, options: { period?: number; by?: 'day' }, command: Command) => {
      const { api, print } = open(command);
      const params = { query: { subscription, ...given({ period: options.period }) } };
      if (options.by === 'day') {
        const daily = await answerOf(api.GET('/v1/usage/days', { params }));
        return print(daily, () => renderDays(daily));
      }
      const usage = await answerOf(api.GET('/v1/usage', { params }));
      print(usage, () => renderUsage(usage));
    });
}

function renderUsage(usage: Usage): string {
  return [
    renderProperties([
      ['period', String(usage.period)],
      ['volume', showVolume(usage.volumeBytes)],
      ['used', showBytes(usage.usedBytes)],
      ['counted', usage.countedBytes === usage.usedBytes ? undefined : showBytes(usage.countedBytes)],
      ['throttled', usage.throttledBytes === '0' ? undefined : showBytes(usage.throttledBytes)],
      ['remaining', showVolume(usage.remainingBytes)],
      ['upload', showBytes(usage.uploadBytes)],
      ['download', showBytes(usage.downloadBytes)],
      ['written off', usage.writtenOffBytes === '0' ? undefined : showBytes(usage.writtenOffBytes)],
    ]),
    '',
    lines('device', usage.devices),
    '',
    lines('node', usage.nodes),
    ...(usage.periods.length > 1 ? ['', periodTable(usage.periods)] : []),
  ].join('\n');
}

function renderDays({ period, timeZone, usedBytes, olderBytes, days }: DailyUsage): string {
  return [
    renderProperties([
      ['period', String(period)],
      ['time zone', timeZone],
      ['used', showBytes(usedBytes)],
      ['earlier days', olderBytes === '0' ? undefined : showBytes(olderBytes)],
    ]),
    '',
    renderTable(
      ['day', 'node', 'upload', 'download'],
      days.flatMap(({ day, nodes }) =>
        nodes.map(({ id, name, uploadBytes, downloadBytes }) => [
          day,
          name ?? id,
          showBytes(uploadBytes),
          showBytes(downloadBytes),
        ]),
      ),
    ),
  ].join('\n');
}

function lines(title: string, usage: Usage['devices' | 'nodes']): string {
  return renderTable(
    [title, 'name', 'upload', 'download'],
    usage.map(({ id, name, uploadBytes, downloadBytes }) => [
      id,
      name ?? '',
      showBytes(uploadBytes),
      showBytes(downloadBytes),
    ]),
  );
}

function periodTable(periods: readonly PeriodUsage[]): string {
  return renderTable(
    ['period', 'from', 'until', 'volume', 'used'],
    periods.map((one) => [
      String(one.period),
      showTime(one.startsAt),
      one.endsAt === null ? '' : showTime(one.endsAt),
      showVolume(one.volumeBytes),
      showBytes(one.usedBytes),
    ]),
  );
}
