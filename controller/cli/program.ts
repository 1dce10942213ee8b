import { Command, CommanderError, Help, Option } from 'commander';
import { describeError, TurnpikeError } from '../../common/errors.ts';
import { exitCodes } from '../../common/exit.ts';
import { version } from '../../common/version.ts';
import { addAccountVerbs } from './account.ts';
import { addApiKeyVerbs } from './api-key.ts';
import { addAuditVerbs } from './audit.ts';
import { addBackupVerbs } from './backup.ts';
import { addBookingVerb } from './booking.ts';
import { addBulkVerbs } from './bulk.ts';
import { addCaVerbs } from './ca.ts';
import { addCompletionVerb } from './completion.ts';
import { addContextVerbs } from './context.ts';
import { addDeviceVerbs } from './device.ts';
import { addDoctorVerb } from './doctor.ts';
import { addEnforcementVerb } from './enforcement.ts';
import { addEventsVerb } from './events.ts';
import { addExplainVerb } from './explain.ts';
import { addGroupVerbs } from './group.ts';
import { addHoldVerbs } from './hold.ts';
import { addKeyVerbs } from './key.ts';
import { addManVerb } from './man.ts';
import { addNodeVerbs } from './node.ts';
import { inOptions } from './option-names.ts';
import { addPrivacyVerbs } from './privacy.ts';
import { addRefusals } from './refusals.ts';
import { defaultSocket, sessionOpener, type Terminal } from './session.ts';
import { addStatusVerb } from './status.ts';
import { addSubscriptionVerbs } from './subscription.ts';
import { addTariffVerbs } from './tariff.ts';
import { addTopVerb } from './top.ts';
import { addUsageVerb } from './usage.ts';
import { addWatch } from './watch.ts';
import { addWebhookVerbs } from './webhook.ts';

export function createProgram(person: Terminal): Command {
  const program = new Command('turnpike')
    .description('Sells passage through a WireGuard fleet: who may pass, how much, and what passed.')
    .option('--socket <path>', `unix socket of the controller (TURNPIKE_SOCKET; otherwise ${defaultSocket})`)
    .option('--url <url>', "the controller's HTTP address; the API key is taken from TURNPIKE_API_KEY")
    .addOption(
      new Option('--context <name>', 'the controller of that name (turnpike context)').conflicts([
        'socket',
        'url',
      ]),
    )
    .option('--json', "print the API's JSON")
    .option('--idempotency-key <key>', 'the same command with the same key again changes nothing again')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: person.write, writeErr: () => undefined })
    .showHelpAfterError(false);
  // Before the verbs are added: they take it over.
  program.configureHelp({ optionDescription: describeOption });
  const terminal = addWatch(program, person);
  const open = sessionOpener(terminal);
  addAccountVerbs(program, open);
  addTariffVerbs(program, open);
  addSubscriptionVerbs(program, open);
  addDeviceVerbs(program, open);
  addNodeVerbs(program, open);
  addCaVerbs(program, open);
  addKeyVerbs(program, open);
  addBackupVerbs(program, open);
  addHoldVerbs(program, open);
  addGroupVerbs(program, open);
  addEnforcementVerb(program, open);
  addUsageVerb(program, open);
  addEventsVerb(program, open);
  addStatusVerb(program, open);
  addBookingVerb(program, open);
  addExplainVerb(program, open);
  addApiKeyVerbs(program, open);
  addWebhookVerbs(program, open);
  addPrivacyVerbs(program, open);
  addAuditVerbs(program, open);
  addTopVerb(program, open);
  addDoctorVerb(program, open);
  addContextVerbs(program, open);
  addCompletionVerb(program, terminal);
  addManVerb(program, terminal);
  addBulkVerbs(program, open);
  addRefusals(program);
  return program;
}

/** As commander has it, and whether the verb works without the option. */
function describeOption(option: Option): string {
  const text = new Help().optionDescription(option);
  return option.mandatory ? `(required) ${text}` : text;
}

/** Runs one command line and returns the exit code. What went wrong is one line on `writeError`. */
export async function runProgram(
  program: Command,
  argv: readonly string[],
  writeError: (line: string) => void,
): Promise<number> {
  let acting: Command | undefined;
  program.hook('preAction', (_program, command) => {
    acting = command;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // A family without a verb: commander has the help ready, but on the error stream that we keep for one line.
      const said =
        error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '');
      writeError(`turnpike: ${said.split('\n').join(' ')} (see turnpike --help)\n`);
      return exitCodes.invalid;
    }
    if (!(error instanceof TurnpikeError)) {
      writeError(`turnpike: ${describeError(error)}\n`);
      return exitCodes.internal;
    }
    const said = acting === undefined ? error : inOptions(error, acting);
    writeError(`turnpike: ${describeError(said)}\n`);
    return exitCodes[error.code];
  }
}
