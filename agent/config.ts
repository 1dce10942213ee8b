import Type, { type Static } from 'typebox';
import { parseConfig, readConfig } from '../common/config.ts';
import { describeError, TurnpikeError } from '../common/errors.ts';
import { type HostPort, parseHostPort } from '../common/host-port.ts';
import { checkInterfaceName } from './gate/names.ts';

const strict = { additionalProperties: false } as const;

const schema = Type.Object(
  {
    log_level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info' }),
    state: Type.Object(
      // The status socket lies in it, and a socket's path may have 107 bytes.
      { directory: Type.String({ minLength: 1, maxLength: 90, default: '/var/lib/turnpike-agent' }) },
      { ...strict, default: {} },
    ),
    wireguard: Type.Object(
      {
        interface: Type.String({ default: 'wg0' }),
        userspace: Type.Enum(['auto', 'always', 'never'], { default: 'auto' }),
      },
      { ...strict, default: {} },
    ),
    metrics: Type.Object({ listen: Type.String({ default: '127.0.0.1:9465' }) }, { ...strict, default: {} }),
    network: Type.Object(
      {
        uplink: Type.String({ minLength: 1, maxLength: 15, default: 'auto' }),
        ipv6: Type.Enum(['auto', 'on', 'off'], { default: 'auto' }),
      },
      { ...strict, default: {} },
    ),
  },
  strict,
);

/** The agent's configuration, checked. */
export interface AgentConfig {
  readonly logLevel: string;
  readonly stateDirectory: string;
  readonly wireguard: { readonly interfaceName: string; readonly userspace: 'auto' | 'always' | 'never' };
  readonly metricsListen: HostPort;
  readonly network: { readonly uplink: string; readonly ipv6: 'auto' | 'on' | 'off' };
}

/** @throws TurnpikeError `invalid`, with file and key. */
export function readAgentConfig(path: string): AgentConfig {
  return check(path, readConfig(path, schema));
}

/** {@link readAgentConfig} on text; `path` is for the messages only. */
export function parseAgentConfig(path: string, text: string): AgentConfig {
  return check(path, parseConfig(path, text, schema));
}

function check(path: string, raw: Static<typeof schema>): AgentConfig {
  const at = <Value>(key: string, parse: () => Value): Value => {
    try {
      return parse();
    } catch (error) {
      throw new TurnpikeError('invalid', `${path}: ${key}: ${describeError(error)}`, { cause: error });
    }
  };
  return {
    logLevel: raw.log_level,
    stateDirectory: raw.state.directory,
    wireguard: {
      interfaceName: at('wireguard.interface', () => checkInterfaceName(raw.wireguard.interface)),
      userspace: raw.wireguard.userspace,
    },
    metricsListen: at('metrics.listen', () => parseHostPort(raw.metrics.listen)),
    network: raw.network,
  };
}
