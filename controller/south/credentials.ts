import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import { pem } from '../../common/pki/keys.ts';
import type { Authorities } from '../identity/authorities.ts';
import type { ServerCertificate } from '../identity/authority.ts';

const minVersion = 'TLSv1.3';

/** TLS 1.3 with the controller's certificate, which can be replaced while connections are open. */
export class ControllerCredentials extends ServerCredentials {
  readonly #authorities: Authorities;

  /**
   * `nodesOnly`: whoever has no valid certificate of the fleet's CAs does not get past the handshake, which must be over
   * in `handshakeMs`.
   */
  constructor(
    authorities: Authorities,
    certificate: ServerCertificate,
    { nodesOnly, handshakeMs }: { readonly nodesOnly: boolean; readonly handshakeMs: number },
  ) {
    super(
      { minVersion, requestCert: nodesOnly, rejectUnauthorized: nodesOnly, handshakeTimeout: handshakeMs },
      contextOptions(authorities, certificate),
    );
    this.#authorities = authorities;
  }

  /** For connections from now on. */
  reload(certificate: ServerCertificate): void {
    this.updateSecureContextOptions(contextOptions(this.#authorities, certificate));
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

function contextOptions(authorities: Authorities, certificate: ServerCertificate): SecureContextOptions {
  return {
    minVersion,
    ca: authorities.trusted.map((authority) => pem('CERTIFICATE', authority.certificate)),
    cert: certificate.chain,
    key: certificate.privateKey,
  };
}
