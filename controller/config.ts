import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import Type, { type Static } from 'typebox';
import { parseConfig, readConfig } from '../common/config.ts';
import { describeError, TurnpikeError } from '../common/errors.ts';
import { type HostPort, parseHostPort } from '../common/host-port.ts';
import { type Retention, settableDays } from '../common/inventory/retention.ts';
import { parseFleetRange } from '../common/ip-range.ts';
import { show } from '../common/show.ts';
import type { BackupSettings } from './books/context.ts';

const strict = { additionalProperties: false } as const;

const days = (usual: number) => Type.Integer({ minimum: 1, maximum: 3650, default: usual });

const schema = Type.Object(
  {
    log_level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info' }),
    store: Type.Object(
      { path: Type.String({ minLength: 1, default: '/var/lib/turnpike/turnpike.db' }) },
      { ...strict, default: {} },
    ),
    api: Type.Object(
      {
        socket: Type.String({ minLength: 1, maxLength: 107, default: '/run/turnpike/api.sock' }),
        listen: Type.Optional(Type.String()),
        requests_per_minute: Type.Integer({ minimum: 1, maximum: 10_000_000, default: 6000 }),
      },
      { ...strict, default: {} },
    ),
    nodes: Type.Object(
      {
        address: Type.String({ minLength: 1 }),
        listen: Type.String({ default: '0.0.0.0:7443' }),
        enrolment_listen: Type.String({ default: '0.0.0.0:7444' }),
      },
      strict,
    ),
    metrics: Type.Object({ listen: Type.String({ default: '127.0.0.1:9464' }) }, { ...strict, default: {} }),
    fleet: Type.Object(
      {
        range4: Type.String({ default: '10.64.0.0/16' }),
        range6: Type.String({ default: 'fd74:7572:6e70::/64' }),
      },
      { ...strict, default: {} },
    ),
    grants: Type.Object(
      { validity_seconds: Type.Integer({ minimum: 60, maximum: 31_536_000, default: 86_400 }) },
      { ...strict, default: {} },
    ),
    encryption: Type.Object(
      {
        key_file: Type.Optional(Type.String({ minLength: 1 })),
        credential: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_.-]+$', maxLength: 200 })),
      },
      { ...strict, default: {} },
    ),
    backup: Type.Object(
      {
        directory: Type.Optional(Type.String({ minLength: 1 })),
        every_hours: Type.Optional(Type.Integer({ minimum: 1, maximum: 8760 })),
      },
      { ...strict, default: {} },
    ),
    retention: Type.Object(
      {
        daily_usage_days: days(settableDays['daily-usage']),
        last_connection_days: days(settableDays['last-connection']),
        audit_days: days(settableDays.audit),
        backup_days: days(30),
      },
      { ...strict, default: {} },
    ),
  },
  strict,
);

/** The controller's configuration, checked. */
export interface ControllerConfig {
  readonly logLevel: string;
  readonly storePath: string;
  readonly api: {
    readonly socket: string;
    readonly listen: HostPort | undefined;
    /** Of one API key. */
    readonly requestsPerMinute: number;
  };
  readonly nodes: {
    /** Name or address under which agents reach the controller; without port. */
    readonly address: string;
    readonly listen: HostPort;
    readonly enrolmentListen: HostPort;
  };
  readonly metricsListen: HostPort;
  /** CIDR. */
  readonly fleet: { readonly range4: string; readonly range6: string };
  readonly grants: { readonly validitySeconds: number };
  /** Where the envelope key is. */
  readonly envelope: { readonly from: 'file' | 'credential'; readonly path: string };
  readonly retention: Retention;
  readonly backups: BackupSettings;
}

/** @throws TurnpikeError `invalid`, with file and key. */
export function readControllerConfig(path: string): ControllerConfig {
  return check(path, readConfig(path, schema));
}

/** {@link readControllerConfig} on text; `path` is for the messages only. */
export function parseControllerConfig(path: string, text: string): ControllerConfig {
  return check(path, parseConfig(path, text, schema));
}

function check(path: string, raw: Static<typeof schema>): ControllerConfig {
  const at = <T>(key: string, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      throw new TurnpikeError('invalid', `${path}: ${key}: ${describeError(error)}`, { cause: error });
    }
  };
  const { api, nodes, fleet } = raw;
  const range4 = at('fleet.range4', () => parseFleetRange(fleet.range4, 'ipv4').text);
  const range6 = at('fleet.range6', () => parseFleetRange(fleet.range6, 'ipv6').text);
  at('fleet.range6', () => checkSizes(range4, range6));
  return {
    logLevel: raw.log_level,
    storePath: raw.store.path,
    api: {
      socket: api.socket,
      requestsPerMinute: api.requests_per_minute,
      listen: at('api.listen', () => (api.listen === undefined ? undefined : parseHostPort(api.listen))),
    },
    nodes: {
      address: at('nodes.address', () => checkAddress(nodes.address)),
      listen: at('nodes.listen', () => parseHostPort(nodes.listen)),
      enrolmentListen: at('nodes.enrolment_listen', () => parseHostPort(nodes.enrolment_listen)),
    },
    metricsListen: at('metrics.listen', () => parseHostPort(raw.metrics.listen)),
    fleet: { range4, range6 },
    grants: { validitySeconds: raw.grants.validity_seconds },
    envelope: at('encryption.credential', () => envelopeOf(raw)),
    retention: {
      'daily-usage': raw.retention.daily_usage_days,
      'last-connection': raw.retention.last_connection_days,
      audit: raw.retention.audit_days,
    },
    backups: {
      directory: raw.backup.directory ?? join(dirname(raw.store.path), 'backups'),
      everyHours: raw.backup.every_hours,
      keepDays: raw.retention.backup_days,
    },
  };
}

function envelopeOf({ encryption, store }: Static<typeof schema>): ControllerConfig['envelope'] {
  const { key_file: file, credential } = encryption;
  if (credential === undefined) {
    return { from: 'file', path: file ?? join(dirname(store.path), 'envelope.key') };
  }
  const directory = process.env['CREDENTIALS_DIRECTORY'];
  if (file !== undefined) {
    throw new TurnpikeError('invalid', 'key_file is set too', { remedy: 'leave one of them out' });
  }
  if (directory === undefined) {
    throw new TurnpikeError('environment', '$CREDENTIALS_DIRECTORY is not set', {
      remedy: `let systemd start this, with LoadCredential=${credential}:PATH in the unit`,
    });
  }
  return { from: 'credential', path: join(directory, credential) };
}

/** Each device gets one address of each family. */
function checkSizes(range4: string, range6: string): void {
  const bits = (cidr: string, width: number) => width - Number(cidr.split('/')[1]);
  if (bits(range6, 128) < bits(range4, 32)) {
    throw new TurnpikeError('invalid', `${range6} holds fewer addresses than fleet.range4 ${range4}`, {
      remedy: 'choose a shorter prefix, such as /64',
    });
  }
}

function checkAddress(text: string): string {
  if (isIP(text) !== 0 && !text.includes('%')) return text;
  try {
    return parseHostPort(`${text}:1`).host;
  } catch {
    throw new TurnpikeError('invalid', `${show(text)} is not a name or an address`, {
      remedy: 'write such as controller.example.net, without a port',
    });
  }
}
