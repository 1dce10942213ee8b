import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '../common/clock.ts';
import { runCommand, streamLines } from '../common/command.ts';
import { forbidCoreDumps } from '../common/core-dumps.ts';
import { endOnCrash } from '../common/crash.ts';
import { describeError, TurnpikeError } from '../common/errors.ts';
import { exitCodes } from '../common/exit.ts';
import { version } from '../common/version.ts';
import { doctor } from './commands/doctor.ts';
import { doctorPrivacy } from './commands/doctor-privacy.ts';
import { down, openLastJournal } from './commands/down.ts';
import { describeFinding } from './commands/finding.ts';
import { join } from './commands/join.ts';
import { newKey } from './commands/new-key.ts';
import { run } from './commands/run.ts';
import { printStatus, readStatus } from './commands/status.ts';
import { type AgentConfig, readAgentConfig } from './config.ts';
import type { GateReading } from './gate/model.ts';
import { loadIdentity } from './identity/identity-file.ts';
import { bookLastReading } from './journal/last-reading.ts';
import { createKernelSide } from './kernel-side.ts';

const usage = `Usage: turnpike-agent COMMAND [--config FILE]

  join HOST:PORT --token TOKEN --pin sha256:HEX [--force-new]
           enrol this machine as a node; "turnpike node add" prints the whole command
  run      make the node what the controller wants, meter it, report it
  status   what the agent is doing (--json for scripts)
  doctor   what this machine lacks to be a node (--json for scripts)
  doctor privacy
           what on this machine would keep clients' network addresses
  new-key  make another WireGuard key in place of one that is lost; every
           configuration of this node must then be handed out anew
  down     take down all that the agent made; stop the agent first

  --config FILE  configuration (default: /etc/turnpike/agent.toml)
  --version      print the version
  --help         print this
`;

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) return print(usage.trimEnd());
  if (values.version) return print(version);
  const [command, ...rest] = positionals;
  // Keys and customers' preshared keys are for this user only.
  process.umask(0o077);
  await forbidCoreDumps(runCommand, process.pid);
  const config = () => readAgentConfig(values.config);
  if (command === 'doctor' && rest[0] === 'privacy' && rest.length === 1)
    return await diagnosePrivacy(values.json);
  if (command !== 'join' && rest.length > 0) throw misused(`${command} takes no "${rest[0]}"`);
  switch (command) {
    case 'join': {
      const [controller] = rest;
      const { token, pin } = values;
      if (controller === undefined || rest.length > 1 || token === undefined || pin === undefined) {
        throw misused('join needs HOST:PORT, --token and --pin');
      }
      const { stateDirectory } = config();
      const options = { controller, token, pin, stateDirectory, forceNew: values['force-new'] };
      const { lines } = await join(options, systemClock);
      return print(...lines);
    }
    case 'run':
      return await run(config(), process.env);
    case 'status': {
      const status = await readStatus(config().stateDirectory, systemClock);
      return values.json ? print(JSON.stringify(status, undefined, 2)) : print(...printStatus(status));
    }
    case 'doctor':
      return await diagnose(config(), values.json);
    case 'new-key':
      return print(...(await newKey(config().stateDirectory)));
    case 'down':
      return print(...(await takeDown(config())));
    case undefined:
      throw misused('a command is missing');
    default:
      throw misused(`there is no command "${command}"`);
  }
}

async function diagnose(config: AgentConfig, json: boolean): Promise<void> {
  const { stateDirectory, wireguard, network } = config;
  const machine = { run: runCommand, clock: systemClock, stateDirectory };
  const findings = await doctor({ ...machine, uplink: network.uplink, ...wireguard });
  if (json) print(JSON.stringify(findings, undefined, 2));
  else print(...findings.map(describeFinding));
  if (findings.some(({ state }) => state === 'missing')) process.exitCode = exitCodes.environment;
}

async function diagnosePrivacy(json: boolean): Promise<void> {
  const read = (path: string) => readFile(path, 'utf8').catch(() => undefined);
  const list = (path: string) => readdir(path).catch(() => []);
  const findings = await doctorPrivacy({ run: runCommand, read, list });
  if (json) print(JSON.stringify(findings, undefined, 2));
  else print(...findings.map(describeFinding));
}

async function takeDown(config: AgentConfig): Promise<readonly string[]> {
  const { stateDirectory } = config;
  const options = { config, clock: systemClock, run: runCommand, stream: streamLines };
  const journal = await openLastJournal(stateDirectory, await loadIdentity(stateDirectory));
  try {
    const book = journal && (async (reading: GateReading) => bookLastReading(journal, reading));
    return await down({ ...createKernelSide(options), ...(book && { book }) });
  } finally {
    journal?.close();
  }
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        config: { type: 'string', default: '/etc/turnpike/agent.toml' },
        token: { type: 'string' },
        pin: { type: 'string' },
        'force-new': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw misused(error instanceof Error ? error.message : String(error));
  }
}

function misused(message: string): TurnpikeError {
  return new TurnpikeError('invalid', message, { remedy: 'see turnpike-agent --help' });
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

endOnCrash('turnpike-agent');
try {
  await main();
} catch (error) {
  process.stderr.write(`turnpike-agent: ${describeError(error)}\n`);
  process.exitCode = error instanceof TurnpikeError ? exitCodes[error.code] : exitCodes.internal;
}
