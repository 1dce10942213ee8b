import { createSecureContext, type SecureContext } from 'node:tls';
import type { AgentIdentity } from './identity.ts';

/** TLS 1.3 that trusts these CAs (PEM) and no other, and shows the node's certificate where there is one. */
export function trusting(
  authorities: readonly string[],
  identity?: Pick<AgentIdentity, 'privateKey' | 'certificate'>,
): SecureContext {
  return createSecureContext({
    minVersion: 'TLSv1.3',
    ca: [...authorities],
    ...(identity && { key: identity.privateKey, cert: identity.certificate }),
  });
}
