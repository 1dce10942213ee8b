import { TurnpikeError } from '../../common/errors.ts';
import { loadIdentity } from '../identity/identity-file.ts';
import { makeWireguardKey } from '../journal/key.ts';
import { askStatus, statusSocketPath } from '../status/socket.ts';

/**
 * `turnpike-agent new-key`: another WireGuard key, on purpose, where the node's own is lost or was moved away.
 * @returns lines to print
 * @throws TurnpikeError `conflict` when there is a key, or an agent runs, which has the former one
 */
export async function newKey(stateDirectory: string): Promise<readonly string[]> {
  const { nodeName } = await loadIdentity(stateDirectory);
  if ((await askStatus(statusSocketPath(stateDirectory))) !== undefined) {
    throw new TurnpikeError('conflict', `an agent runs with ${stateDirectory}`, { remedy: 'stop it first' });
  }
  const { publicKey } = await makeWireguardKey(stateDirectory);
  return [
    `Made another WireGuard key for node ${nodeName}; its public key is ${publicKey}.`,
    'Start the agent: systemctl start turnpike-agent',
    `Then hand out every configuration of ${nodeName} anew (turnpike device config DEVICE --node ${nodeName}): the former ones connect no more.`,
  ];
}
