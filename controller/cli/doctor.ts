import type { Command } from 'commander';
import { systemClock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { version } from '../../common/version.ts';
import { answerOf } from './client.ts';
import { diagnose, type Finding } from './diagnosis.ts';
import type { OpenSession, Session } from './session.ts';
import { renderTable } from './table.ts';

export function addDoctorVerb(program: Command, open: OpenSession): void {
  program
    .command('doctor')
    .description('looks for what is wrong with controller, nodes and webhooks, and says what mends it')
    .action(async (_options: object, command: Command) => {
      const session = open(command);
      const findings = await examine(session);
      session.print({ findings }, () => renderFindings(findings));
      const wrong = findings.filter(({ state }) => state === 'wrong').length;
      if (wrong > 0) throw new TurnpikeError('environment', `${wrong} of these must be mended`);
    });
}

async function examine({ api }: Session): Promise<Finding[]> {
  try {
    const [status, health] = await Promise.all([
      answerOf(api.GET('/v1/status')),
      answerOf(api.GET('/v1/health')),
    ]);
    return diagnose({ version, now: systemClock.now(), status, health });
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error;
    const { message: detail, remedy } = error;
    return [{ what: 'controller', state: 'wrong', detail, ...(remedy !== undefined && { remedy }) }];
  }
}

function renderFindings(findings: readonly Finding[]): string {
  return renderTable(
    ['state', 'what', 'finding', 'remedy'],
    findings.map(({ state, what, detail, remedy }) => [state, what, detail, remedy ?? '']),
  );
}
