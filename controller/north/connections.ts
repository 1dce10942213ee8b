import { Crowd, peerOf } from '../../common/crowd.ts';
import type { CrowdLimits } from '../../common/listener-limits.ts';
import type { Api } from './api.ts';

/** Limits how many connections there are; who has shown a key is not thrown out for others. */
export function limitConnections(api: Api, limits: CrowdLimits): void {
  const crowd = new Crowd(limits);
  api.server.on('connection', (socket) => crowd.enter(socket));
  api.addHook('onRequest', async ({ caller, raw }) => {
    if (caller !== undefined) crowd.know(peerOf(raw.socket));
  });
}
