import { describe, expect, it } from 'vitest';
import { diagnose, type Situation } from './diagnosis.ts';
import type { Node } from './gen/api.ts';

const now = Date.UTC(2026, 10, 25, 12);
const inDays = (days: number) => new Date(now + days * 86_400_000).toISOString();
const node = {
  name: 'fra1',
  state: 'enrolled',
  connected: true,
  lastContactAt: new Date(now).toISOString(),
  refusals: [],
  agentVersion: '0.1.0',
  keyChangedAt: inDays(-31),
  certificateExpiresAt: new Date(now + 20 * 86_400_000).toISOString(),
} as unknown as Node;

const well: Situation = {
  version: '0.1.0',
  now,
  status: {
    version: '0.1.0',
    awaitedNodes: [],
    keysToRotate: [],
    heldAt: null,
    nodes: [node],
  } as unknown as Situation['status'],
  health: {
    version: '0.1.0',
    at: new Date(now).toISOString(),
    clockSteps: 0,
    newestAt: new Date(now).toISOString(),
    backupsAway: [],
    removalsWritten: true,
    databaseBytes: '100000000',
    diskFreeBytes: '50000000000',
    caExpiresAt: '2036-01-01T00:00:00.000Z',
    auditIsWhole: true,
    failingWebhooks: [],
    disabledWebhooks: [],
  },
};

const nodes = (...changed: Partial<Node>[]): Situation => ({
  ...well,
  status: { ...well.status, nodes: changed.map((change) => ({ ...node, ...change })) },
});
const health = (change: Partial<Situation['health']>): Situation => ({
  ...well,
  health: { ...well.health, ...change },
});

describe('doctor', () => {
  it('finds nothing wrong where all is well', () => {
    expect(diagnose(well).filter(({ state }) => state !== 'ok')).toEqual([]);
  });

  it.each<[string, Situation, 'warning' | 'wrong', RegExp, RegExp]>([
    ['another version here', { ...well, version: '0.2.0' }, 'warning', /0\.2\.0.*0\.1\.0/, /version/],
    ['an agent of another version', nodes({ agentVersion: '0.0.9' }), 'warning', /0\.0\.9/, /upgrade/],
    ['a clock that is wrong', health({ at: inDays(1) }), 'warning', /86400 s ahead/, /timedatectl/],
    ['a clock that stepped', health({ clockSteps: 2 }), 'warning', /2 times/, /restart/],
    [
      'a clock that was ahead',
      health({ newestAt: inDays(40) }),
      'warning',
      /up to 2027-01-04/,
      /audit list.*subscription set/,
    ],
    [
      'backups that are not where they were made',
      health({ backupsAway: ['a.backup', 'b.backup'] }),
      'warning',
      /a\.backup and 1 more/,
      /mount.*backup forget/,
    ],
    [
      'a list of removals that cannot be written',
      health({ removalsWritten: false }),
      'wrong',
      /was not written/,
      /backup create .* make room/,
    ],
    ['a disk that fills', health({ diskFreeBytes: '900000000' }), 'warning', /900\.00 MB/, /free some/],
    ['a database that outgrows its disk', health({ databaseBytes: '60000000000' }), 'warning', /60/, /free/],
    ['a full disk', health({ diskFreeBytes: '1000' }), 'wrong', /1\.00 kB are free/, /free some space/],
    ['a CA that ends', health({ caExpiresAt: inDays(100) }), 'warning', /ends on 2027/, /ca begin/],
    ['a CA that ends soon', health({ caExpiresAt: inDays(10) }), 'wrong', /ends on 2026-12-05/, /ca begin/],
    [
      'an audit log with a gap',
      health({ auditIsWhole: false }),
      'wrong',
      /somebody wrote to the database/,
      /turnpike audit verify .* backup/,
    ],
    [
      'a failing webhook',
      health({ failingWebhooks: ['whk_1'] }),
      'warning',
      /tried again/,
      /deliveries whk_1/,
    ],
    ['a disabled webhook', health({ disabledWebhooks: ['whk_1'] }), 'warning', /disabled/, /enable whk_1/],
    ['no node', nodes(), 'warning', /there is none/, /node add/],
    ['a node that has not joined', nodes({ state: 'waiting' }), 'warning', /not joined/, /node token fra1/],
    ['a cloned node', nodes({ state: 'quarantined' }), 'wrong', /cloned/, /node token fra1/],
    [
      'a lost node',
      nodes({ connected: false }),
      'wrong',
      /out of contact since 2026-11-25 12:00/,
      /systemctl/,
    ],
    [
      'a node whose agent was never started',
      nodes({ connected: false, lastContactAt: null, agentVersion: null }),
      'wrong',
      /^has joined, and its agent never connected$/,
      /enable --now turnpike-agent/,
    ],
    ['a node that refuses', nodes({ refusals: [{ id: 'dev_1', reason: 'x' }] }), 'wrong', /dev_1: x/, /log/],
    [
      'a node with another key',
      nodes({ keyChangedAt: inDays(-29) }),
      'warning',
      /another WireGuard key since 2026-10-27/,
      /device config DEVICE --node fra1/,
    ],
    [
      'a certificate that is not renewed',
      nodes({ certificateExpiresAt: inDays(3) }),
      'warning',
      /11-28/,
      /log/,
    ],
    [
      'a restore that waits',
      { ...well, status: { ...well.status, awaitedNodes: ['fra1', 'ams1'] } },
      'wrong',
      /before these nodes told .*: fra1, ams1/,
      /node remove fra1/,
    ],
    [
      'an API key that was rotated since the backup',
      { ...well, status: { ...well.status, keysToRotate: ['backend', 'bot'] } },
      'warning',
      /since the backup .*: backend, bot/,
      /api-key rotate backend/,
    ],
  ])('says of %s what it is and what mends it', (_name, situation, state, detail, remedy) => {
    const found = diagnose(situation).filter((finding) => finding.state !== 'ok');
    expect(found).toEqual([
      {
        what: expect.any(String),
        state,
        detail: expect.stringMatching(detail),
        remedy: expect.stringMatching(remedy),
      },
    ]);
  });
});
