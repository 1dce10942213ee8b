import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import { pem } from '../../common/pki/keys.ts';
import type { CertificateAuthority, ServerCertificate } from '../identity/authority.ts';

const minVersion = 'TLSv1.3';

/** TLS 1.3 with the controller's certificate, which can be replaced while connections are open. */
export class ControllerCredentials extends ServerCredentials {
  readonly #authority: CertificateAuthority;

  /** `nodesOnly`: whoever has no certificate of the fleet's CA does not get past the handshake. */
  constructor(authority: CertificateAuthority, certificate: ServerCertificate, nodesOnly: boolean) {
    super(
      { minVersion, requestCert: nodesOnly, rejectUnauthorized: nodesOnly, handshakeTimeout: 10_000 },
      contextOptions(authority, certificate),
    );
    this.#authority = authority;
  }

  /** For connections from now on. */
  reload(certificate: ServerCertificate): void {
    this.updateSecureContextOptions(contextOptions(this.#authority, certificate));
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

function contextOptions(
  authority: CertificateAuthority,
  certificate: ServerCertificate,
): SecureContextOptions {
  return {
    minVersion,
    ca: pem('CERTIFICATE', authority.certificate),
    cert: certificate.chain,
    key: certificate.privateKey,
  };
}
