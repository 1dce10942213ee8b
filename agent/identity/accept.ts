import { X509Certificate } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';
import type { Identity } from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import { parseHostPort } from '../../common/host-port.ts';
import { parseId } from '../../common/ids.ts';
import { parsePem, pem } from '../../common/pki/keys.ts';
import { parseNodeSubjectAltName } from '../../common/pki/names.ts';
import { type AgentIdentity, trustedBy } from './identity.ts';
import { publicKeyOf } from './request.ts';

/**
 * What the controller answered, checked: of a CA that we trust, for our key, for the node that it names, and valid by our
 * clock. A CA that is to come is believed, because a controller says so that has shown a certificate of one we trust.
 * @throws TurnpikeError
 */
export function acceptIdentity(
  answer: Identity | undefined,
  expected: Pick<
    AgentIdentity,
    | 'caCertificate'
    | 'nextCaCertificate'
    | 'privateKey'
    | 'controllerAddress'
    | 'enrolmentAddress'
    | 'journalBegun'
  >,
  now: number,
): AgentIdentity {
  if (!answer) throw wrong('it holds no identity');
  const nodeId = parseId('nod', answer.nodeId);
  parseHostPort(expected.controllerAddress);
  if (!trustedBy(expected).some((one) => parsePem('CERTIFICATE', one).equals(answer.caCertificate))) {
    throw wrong('it names another CA');
  }
  const authorities = {
    caCertificate: pem('CERTIFICATE', answer.caCertificate),
    ...(answer.nextCaCertificate.length > 0 && {
      nextCaCertificate: pem('CERTIFICATE', answer.nextCaCertificate),
    }),
  };
  const certificate = parseCertificate(answer.certificate);
  if (!trustedBy(authorities).some((one) => isSignedBy(certificate, one))) {
    throw wrong("the certificate is not signed by the fleet's CA");
  }
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  if (!key.equals(publicKeyOf(expected.privateKey))) throw wrong('the certificate is for another key');
  const named = parseNodeSubjectAltName(certificate.subjectAltName);
  if (named?.nodeId !== nodeId || named.incarnation !== answer.incarnation) {
    throw wrong('the certificate is for another node');
  }
  checkClock(certificate, now);
  const { privateKey, controllerAddress, enrolmentAddress, journalBegun } = expected;
  return {
    ...{ privateKey, controllerAddress, enrolmentAddress, ...authorities },
    ...(journalBegun !== undefined && { journalBegun }),
    nodeId,
    nodeName: answer.nodeName,
    incarnation: answer.incarnation,
    certificate: pem('CERTIFICATE', answer.certificate),
  };
}

function isSignedBy(certificate: X509Certificate, authority: string): boolean {
  const issuer = new X509Certificate(authority);
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function parseCertificate(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (error) {
    throw new TurnpikeError('unavailable', "the controller's answer holds no certificate", { cause: error });
  }
}

function checkClock(certificate: X509Certificate, now: number): void {
  const early = now < certificate.validFromDate.getTime();
  if (!early && now <= certificate.validToDate.getTime()) return;
  throw clockError(early ? 'behind' : 'ahead', now);
}

/** A certificate that was made just now is not valid here: one of the two clocks is wrong. */
export function clockError(direction: 'behind' | 'ahead', now: number): TurnpikeError {
  const time = new Date(now).toISOString();
  return new TurnpikeError(
    'environment',
    `by this machine's clock (${time}) the controller's certificate is ${
      direction === 'behind' ? 'not yet valid' : 'expired'
    }: this clock is ${direction}, or the controller's is not right`,
    { remedy: 'set both clocks (timedatectl set-ntp true) and try again' },
  );
}

function wrong(why: string): TurnpikeError {
  return new TurnpikeError('unavailable', `the controller's answer is not right: ${why}`);
}
