import type { Command } from 'commander';
import type { Usage, UsageLine } from './api.ts';
import type { OpenSession } from './session.ts';
import { showBytes, showVolume } from './show.ts';
import { renderProperties, renderTable } from './table.ts';

export function addUsageVerb(program: Command, open: OpenSession): void {
  program
    .command('usage <subscription>')
    .description('what a subscription (by id or account) used, by device and by node')
    .action(async (subscription: string, _options: object, command: Command) => {
      const { api, print } = open(command);
      const usage = await api.get<Usage>('/v1/usage', { subscription });
      print(usage, () => renderUsage(usage));
    });
}

function renderUsage(usage: Usage): string {
  return [
    renderProperties([
      ['volume', showVolume(usage.volumeBytes)],
      ['used', showBytes(usage.usedBytes)],
      ['remaining', showVolume(usage.remainingBytes)],
      ['upload', showBytes(usage.uploadBytes)],
      ['download', showBytes(usage.downloadBytes)],
      ['written off', usage.writtenOffBytes === '0' ? undefined : showBytes(usage.writtenOffBytes)],
    ]),
    '',
    lines('device', usage.devices),
    '',
    lines('node', usage.nodes),
  ].join('\n');
}

function lines(title: string, usage: readonly UsageLine[]): string {
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
