import type { Command } from 'commander';
import { answerOf } from './client.ts';
import type { Ca } from './gen/api.ts';
import type { OpenSession } from './session.ts';
import { renderProperties } from './table.ts';

export function addCaVerbs(program: Command, open: OpenSession): void {
  const family = program.command('ca').description("the CA that the fleet's nodes trust, and its change");

  family
    .command('show')
    .description('which it is, and how far a change is')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const ca = await answerOf(api.GET('/v1/ca'));
      print(ca, () => renderCa(ca));
    });

  family
    .command('begin')
    .description('makes the one that is to take its place; nodes get to know it, and no stream ends for long')
    .action(async (_options: object, command: Command) => {
      const { api, print } = open(command);
      const ca = await answerOf(api.POST('/v1/ca/begin'));
      print(ca, () => renderCa(ca));
    });

  family
    .command('finish')
    .description('drops the old one, once all nodes know the new one')
    .option('--abandon', 'also when nodes do not know it; they must join anew')
    .action(async (options: { abandon?: boolean }, command: Command) => {
      const { api, print } = open(command);
      const ca = await answerOf(api.POST('/v1/ca/finish', { body: options }));
      print(ca, () => renderCa(ca));
    });
}

function renderCa({ pin, nextPin, waiting }: Ca): string {
  return renderProperties([
    ['CA', pin],
    ['next', nextPin ?? undefined],
    ['unknown to', waiting.length === 0 ? undefined : waiting.join(', ')],
  ]);
}
