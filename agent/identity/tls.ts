import { createSecureContext, type SecureContext } from 'node:tls';
import type { AgentIdentity } from './identity.ts';

/** TLS 1.3 that trusts this CA (PEM) and no other, and shows the node's certificate where there is one. */
export function trusting(
  caCertificate: string,
  identity?: Pick<AgentIdentity, 'privateKey' | 'certificate'>,
): SecureContext {
  return createSecureContext({
    minVersion: 'TLSv1.3',
    ca: caCertificate,
    ...(identity && { key: identity.privateKey, cert: identity.certificate }),
  });
}
