import { formatSize } from '../../common/bytes.ts';
import type { FleetStatus, Health, Node } from './gen/api.ts';
import { showTime } from './show.ts';

export interface Finding {
  readonly what: string;
  /** `wrong`: somebody is not served, or will not be soon. `warning`: something will surprise. */
  readonly state: 'ok' | 'warning' | 'wrong';
  readonly detail: string;
  readonly remedy?: string;
}

/** What was found on this side, and what the controller said. */
export interface Situation {
  readonly version: string;
  /** This machine's clock; milliseconds since 1970. */
  readonly now: number;
  readonly status: FleetStatus;
  readonly health: Health;
}

const day = 86_400_000;
/** A node renews its certificate when a third of its 30 days is left. */
const certificateDays = 7;
/** As long as events are kept. */
const rekeyedDays = 30;
const caDays = 180;
const clockMs = 5_000;
/** Less will have passed before somebody has looked. */
const aheadMs = 600_000;
const littleBytes = 1_000_000_000n;
const veryLittleBytes = 200_000_000n;

/** What `turnpike doctor` says, each with a remedy. Decides over values only. */
export function diagnose(situation: Situation): Finding[] {
  const { status } = situation;
  const checks = [
    checkVersions,
    checkClock,
    checkDisk,
    checkRestore,
    checkHold,
    checkKeys,
    checkCa,
    checkAudit,
    checkBackups,
    checkWebhooks,
  ];
  return [
    ...checks.flatMap((check) => check(situation)),
    ...(status.nodes.length === 0 ? [noNodes] : status.nodes.flatMap((node) => checkNode(node, situation))),
  ];
}

const noNodes: Finding = {
  what: 'nodes',
  state: 'warning',
  detail: 'there is none',
  remedy: 'turnpike node add NAME --endpoint HOST:PORT',
};

function checkVersions({ version, status }: Situation): Finding[] {
  const others = status.nodes.filter(
    ({ agentVersion }) => agentVersion !== null && agentVersion !== status.version,
  );
  const findings: Finding[] = others.map(({ name, agentVersion }) => ({
    what: `node ${name}`,
    state: 'warning',
    detail: `runs turnpike-agent ${agentVersion}, and the controller ${status.version}`,
    remedy: 'upgrade the agent; no session is disturbed',
  }));
  if (version !== status.version) {
    findings.push({
      what: 'version',
      state: 'warning',
      detail: `this is turnpike ${version}, and the controller ${status.version}`,
      remedy: "use the controller's version: this one may not know all of its answers",
    });
  }
  return findings.length > 0 ? findings : [{ what: 'versions', state: 'ok', detail: status.version }];
}

function checkClock({ now, health }: Situation): Finding[] {
  const ahead = Date.parse(health.at) - now;
  if (Math.abs(ahead) > clockMs) {
    const detail = `the controller's is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`;
    const remedy =
      'let both be synchronized (timedatectl), then restart turnpike-controller: it goes by its clock at the start';
    return [{ what: 'clock', state: 'warning', detail, remedy }];
  }
  if (health.clockSteps > 0) {
    const detail = `the controller's stepped ${health.clockSteps} times since its start, by which nothing was moved`;
    return [
      { what: 'clock', state: 'warning', detail, remedy: 'restart turnpike-controller to take it over' },
    ];
  }
  const { newestAt } = health;
  if (newestAt !== null && Date.parse(newestAt) - Date.parse(health.at) > aheadMs) {
    const detail = `the controller's was ahead once: what it has down goes up to ${newestAt}`;
    const remedy =
      'see what was done in those days (turnpike audit list): what began, was renewed or expires by them has times that are too late; set these right (turnpike subscription set)';
    return [{ what: 'clock', state: 'warning', detail, remedy }];
  }
  return [{ what: 'clock', state: 'ok', detail: health.at }];
}

function checkDisk({ health }: Situation): Finding[] {
  const free = BigInt(health.diskFreeBytes);
  const database = BigInt(health.databaseBytes);
  const detail = `${formatSize(free)} are free where the database (${formatSize(database)}) is`;
  if (free >= littleBytes && free >= database) return [{ what: 'disk', state: 'ok', detail }];
  const remedy =
    'free some space: without any, changes are refused and nothing is booked until there is some';
  return [{ what: 'disk', state: free < veryLittleBytes ? 'wrong' : 'warning', detail, remedy }];
}

function checkHold({ status: { heldAt } }: Situation): Finding[] {
  if (heldAt === null) return [];
  return [
    {
      what: 'restore',
      state: 'warning',
      detail: `since ${heldAt} nodes keep what they have: nobody's service ends, whatever the books say`,
      remedy:
        'bring the books up to date (turnpike reconcile billing.ndjson), then: turnpike hold release --yes',
    },
  ];
}

function checkRestore({ status: { awaitedNodes } }: Situation): Finding[] {
  if (awaitedNodes.length === 0) return [];
  return [
    {
      what: 'restore',
      state: 'wrong',
      detail: `nothing is granted before these nodes told what passed since the backup: ${awaitedNodes.join(', ')}`,
      remedy: `bring them back; one that is gone for good: turnpike node remove ${awaitedNodes[0]}`,
    },
  ];
}

function checkKeys({ status: { keysToRotate } }: Situation): Finding[] {
  if (keysToRotate.length === 0) return [];
  return [
    {
      what: 'API keys',
      state: 'warning',
      detail: `rotated since the backup that was restored, and refused: ${keysToRotate.join(', ')}`,
      remedy: `turnpike api-key rotate ${keysToRotate[0]}, and give its client the new one`,
    },
  ];
}

function checkCa({ now, health }: Situation): Finding[] {
  const left = Date.parse(health.caExpiresAt) - now;
  const detail = `the fleet's ends on ${health.caExpiresAt.slice(0, 10)}`;
  if (left > caDays * day) return [{ what: 'CA', state: 'ok', detail }];
  const remedy = 'turnpike ca begin, and turnpike ca finish once all nodes know the new one';
  return [{ what: 'CA', state: left < 30 * day ? 'wrong' : 'warning', detail, remedy }];
}

function checkAudit({ health: { auditIsWhole } }: Situation): Finding[] {
  const what = 'audit log';
  if (auditIsWhole) return [{ what, state: 'ok', detail: 'its latest entries are as they were written' }];
  const detail = 'entries are missing or not as they were written: somebody wrote to the database';
  const remedy = 'turnpike audit verify says from where on; compare with a backup (turnpike backup list)';
  return [{ what, state: 'wrong', detail, remedy }];
}

function checkBackups({ health: { backupsAway, removalsWritten } }: Situation): Finding[] {
  const what = 'backups';
  const findings: Finding[] = [];
  const [first, ...others] = backupsAway;
  if (first !== undefined) {
    findings.push({
      what,
      state: 'warning',
      detail: `made, and not in their directory: ${first}${others.length > 0 ? ` and ${others.length} more` : ''}; restored, they bring back what was taken away since, as the list of removals beside them is not written`,
      remedy:
        'mount their disk, or put them back (turnpike backup list); one that is gone for good: turnpike backup forget NAME',
    });
  }
  if (!removalsWritten) {
    findings.push({
      what,
      state: 'wrong',
      detail:
        'the list of removals beside them was not written, or not since their disk is back: restored, they bring back what was taken away',
      remedy:
        'turnpike backup create writes it at once, where it can (it is tried every hour); else make room on their disk, and let the controller write there',
    });
  }
  return findings.length > 0 ? findings : [{ what, state: 'ok', detail: 'none that was made is away' }];
}

function checkWebhooks({ health: { failingWebhooks, disabledWebhooks } }: Situation): Finding[] {
  const findings: Finding[] = [
    ...failingWebhooks.map((id) => ({
      what: `webhook ${id}`,
      state: 'warning' as const,
      detail: 'takes nothing just now; it is tried again for a day',
      remedy: `turnpike webhook deliveries ${id} says what it answers`,
    })),
    ...disabledWebhooks.map((id) => ({
      what: `webhook ${id}`,
      state: 'warning' as const,
      detail: 'is disabled; what comes is kept for it for 30 days',
      remedy: `turnpike webhook enable ${id}, or turnpike webhook remove ${id}`,
    })),
  ];
  return findings.length > 0 ? findings : [{ what: 'webhooks', state: 'ok', detail: 'none fails' }];
}

function checkNode(node: Node, { now }: Situation): Finding[] {
  const what = `node ${node.name}`;
  const token = `turnpike node token ${node.name} gives the command to join`;
  if (node.state === 'waiting') {
    return [{ what, state: 'warning', detail: 'has not joined', remedy: token }];
  }
  if (node.state === 'quarantined') {
    return [
      {
        what,
        state: 'wrong',
        detail:
          'is quarantined: its state was cloned or rolled back, or it had joined anew after the backup that was restored',
        remedy: token,
      },
    ];
  }
  if (!node.connected && node.agentVersion === null) {
    const remedy =
      'on it: systemctl enable --now turnpike-agent; where that runs already: turnpike-agent doctor says why it does not get here';
    return [{ what, state: 'wrong', detail: 'has joined, and its agent never connected', remedy }];
  }
  if (!node.connected) {
    const since = node.lastContactAt === null ? 'the controller started' : showTime(node.lastContactAt);
    const remedy = 'on it: systemctl status turnpike-agent, and turnpike-agent doctor';
    return [{ what, state: 'wrong', detail: `is out of contact since ${since}`, remedy }];
  }
  const findings: Finding[] = node.refusals.map(({ id, reason }) => ({
    what,
    state: 'wrong' as const,
    detail: `could not apply ${id}: ${reason}`,
    remedy: 'on it: turnpike-agent doctor, and its log',
  }));
  const { keyChangedAt: rekeyed } = node;
  if (rekeyed !== null && now - Date.parse(rekeyed) < rekeyedDays * day) {
    findings.push({
      what,
      state: 'warning',
      detail: `has another WireGuard key since ${showTime(rekeyed)}: configurations that were handed out before do not reach it`,
      remedy: `hand them out anew (turnpike device config DEVICE --node ${node.name})`,
    });
  }
  const { certificateExpiresAt: end } = node;
  if (end !== null && Date.parse(end) - now < certificateDays * day) {
    const detail = `its certificate ends on ${end.slice(0, 10)}, and was not renewed`;
    findings.push({ what, state: 'warning', detail, remedy: 'on it: the log of turnpike-agent says why' });
  }
  return findings.length > 0 ? findings : [{ what, state: 'ok', detail: 'is connected' }];
}
