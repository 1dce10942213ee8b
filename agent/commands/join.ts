import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { parseHostPort } from '../../common/host-port.ts';
import { createKeyPair, exportPrivateKey } from '../../common/pki/keys.ts';
import { acceptIdentity } from '../identity/accept.ts';
import { enrol } from '../identity/enrol.ts';
import type { AgentIdentity } from '../identity/identity.ts';
import { IdentityFile } from '../identity/identity-file.ts';
import { fetchPinnedAuthority, parsePin } from '../identity/pinned-authority.ts';
import { publicKeyOf } from '../identity/request.ts';
import { isKeyGone, wireguardKeyPath } from '../journal/key.ts';

export interface JoinOptions {
  /** HOST:PORT of the controller's enrolment listener. */
  readonly controller: string;
  readonly token: string;
  /** sha256:HEX of the fleet's CA. */
  readonly pin: string;
  readonly stateDirectory: string;
  /** Takes a new identity though there is one. */
  readonly forceNew: boolean;
}

/**
 * `turnpike-agent join`: makes a key, redeems the token with it, and keeps the identity that comes back. Repeated
 * after a lost answer it uses the same key, for which the controller gives the same certificate again. Nothing is
 * written before the pin was found right.
 * @returns the identity, and lines to print
 * @throws TurnpikeError
 */
export async function join(
  options: JoinOptions,
  clock: Clock,
): Promise<{ readonly identity: AgentIdentity; readonly lines: readonly string[] }> {
  const address = parseHostPort(options.controller);
  const pin = parsePin(options.pin);
  const token = options.token.trim();
  if (token === '') throw new TurnpikeError('invalid', 'the join token is empty');
  const file = new IdentityFile(options.stateDirectory);
  const present = await loadPresent(file, options.forceNew);

  const caCertificate = await fetchPinnedAuthority(address, pin, clock);
  const privateKey = await keyToJoinWith(file, present);
  const answer = await enrol(address, token, privateKey, caCertificate, clock);
  const { controllerAddress } = answer;
  const expected = { caCertificate, privateKey, controllerAddress, enrolmentAddress: options.controller };
  const identity = acceptIdentity(answer.identity, expected, clock.now());
  await file.save(identity);
  await file.dropJoiningKey();
  const lostKey =
    present && isKeyGone(options.stateDirectory, present)
      ? wireguardKeyPath(options.stateDirectory)
      : undefined;
  return { identity, lines: describe(identity, present, lostKey) };
}

async function loadPresent(file: IdentityFile, forceNew: boolean): Promise<AgentIdentity | undefined> {
  // With --force-new also a damaged identity may be replaced.
  const present = await file.load().catch((error: unknown) => {
    if (forceNew) return undefined;
    throw error;
  });
  if (!present || forceNew) return present;
  throw new TurnpikeError('conflict', `this machine is the node ${present.nodeName} already`, {
    remedy:
      'to give it a new identity all the same, add --force-new: what the node was granted and has not used is then written off, and its totals start anew',
  });
}

async function keyToJoinWith(file: IdentityFile, present: AgentIdentity | undefined): Promise<string> {
  const kept = await file.loadJoiningKey();
  // A key that is in use already was left behind by a join that succeeded.
  if (kept !== undefined && kept !== present?.privateKey && isKey(kept)) return kept;
  const { privateKey } = await createKeyPair();
  const fresh = await exportPrivateKey(privateKey);
  await file.saveJoiningKey(fresh);
  return fresh;
}

function isKey(text: string): boolean {
  try {
    return publicKeyOf(text).length > 0;
  } catch {
    return false;
  }
}

/** `lostKey`: where the WireGuard key was. */
function describe(
  identity: AgentIdentity,
  before: AgentIdentity | undefined,
  lostKey: string | undefined,
): string[] {
  const lines = [`Joined as node ${identity.nodeName} (${identity.nodeId}).`];
  if (before) {
    lines.push(
      'What this machine had been granted before and had not used is written off; its totals start anew.',
      ...(lostKey === undefined
        ? []
        : [
            `${lostKey} is gone: put it back from a backup before the agent starts, which otherwise makes another, and every configuration of this node must then be handed out anew.`,
          ]),
      'Restart the agent: systemctl restart turnpike-agent',
    );
  } else {
    lines.push(
      'See what is missing (turnpike-agent doctor), and start the agent: systemctl enable --now turnpike-agent',
    );
  }
  return lines;
}
