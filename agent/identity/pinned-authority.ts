import { X509Certificate } from 'node:crypto';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { formatHostPort, type HostPort } from '../../common/host-port.ts';
import { pem, sha256 } from '../../common/pki/keys.ts';
import { controllerName } from '../../common/pki/names.ts';
import { clockError } from './accept.ts';

const timeoutMs = 10_000;
/** Longest chain looked at; the controller shows two certificates. */
const longestChain = 8;

/** Reads `sha256:HEX` (as the join command has it), in any case. */
export function parsePin(text: string): string {
  const match = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(text.trim());
  if (!match?.[1]) {
    throw new TurnpikeError('invalid', 'the pin must be sha256: and 64 hexadecimal digits', {
      remedy: 'copy the whole join command that "turnpike node token NODE" prints',
    });
  }
  return match[1].toLowerCase();
}

/**
 * Looks at the certificates that a controller shows and returns the CA's (PEM) whose hash is the pin. Nothing is sent
 * to it, and nothing that it shows is believed but for the pin.
 * @throws TurnpikeError `unavailable` when it cannot be reached, `unauthenticated` when the pin is of another CA
 */
export async function fetchPinnedAuthority(address: HostPort, pin: string, clock: Clock): Promise<string> {
  const socket = await dial(address, clock);
  const chain = chainOf(socket);
  socket.destroy();
  const found = chain.find((certificate) => sha256(certificate.raw).toString('hex') === pin);
  if (!found) {
    throw new TurnpikeError(
      'unauthenticated',
      `the controller at ${formatHostPort(address)} shows another CA than the pin names; nothing was sent to it`,
      {
        remedy:
          'take a fresh join command from "turnpike node token NODE"; if the pin is still wrong, somebody stands in between',
      },
    );
  }
  if (!found.ca) throw new TurnpikeError('invalid', 'the pin names a certificate that is no CA');
  for (const certificate of chain) {
    if (clock.now() < certificate.validFromDate.getTime()) throw clockError('behind', clock.now());
    if (clock.now() > certificate.validToDate.getTime()) throw clockError('ahead', clock.now());
  }
  return pem('CERTIFICATE', found.raw);
}

function dial(address: HostPort, clock: Clock): Promise<TLSSocket> {
  const where = formatHostPort(address);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address.host,
      port: address.port,
      servername: controllerName,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2'],
      // Only to look at what it shows: the pin decides, in the caller.
      rejectUnauthorized: false,
    });
    const timer = clock.after(timeoutMs, () =>
      socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    );
    socket.once('secureConnect', () => {
      timer.cancel();
      resolve(socket);
    });
    // Stays: later errors of a socket that we are done with concern nobody.
    socket.on('error', (error) => {
      timer.cancel();
      reject(unreachable(where, error));
    });
  });
}

function unreachable(where: string, error: Error): TurnpikeError {
  const code = 'code' in error ? String(error.code) : '';
  const remedy = 'look at the address and port, whether the controller runs, and at firewalls in between';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new TurnpikeError('unavailable', `the name in ${where} is not known to DNS`, { remedy });
  }
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
    return new TurnpikeError('unavailable', `what listens on ${where} does not speak TLS 1.3`, {
      remedy: "the join command names the controller's enrolment port, by default 7444",
    });
  }
  const why = code === 'ETIMEDOUT' ? 'no answer' : code || error.message;
  return new TurnpikeError('unavailable', `the controller cannot be reached at ${where}: ${why}`, { remedy });
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw && chain.length < longestChain) {
    chain.push(new X509Certificate(certificate.raw));
    // A self-signed certificate is its own issuer.
    certificate = certificate.issuerCertificate === certificate ? undefined : certificate.issuerCertificate;
  }
  return chain;
}
