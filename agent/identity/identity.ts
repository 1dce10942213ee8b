import { X509Certificate } from 'node:crypto';

/** What this node is, as the controller gave it at join and at renewals. */
export interface AgentIdentity {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly incarnation: number;
  /** host:port of the controller's listener for nodes. */
  readonly controllerAddress: string;
  /** host:port of its enrolment listener, where the node joined: a certificate that has ended is renewed there. */
  readonly enrolmentAddress: string;
  /** PKCS#8 in PEM. Made here; never leaves the node. */
  readonly privateKey: string;
  /** PEM. */
  readonly certificate: string;
  /** The fleet's CA, PEM: the only one that the agent trusts, … */
  readonly caCertificate: string;
  /** … but for the one that is to take its place, if one is. */
  readonly nextCaCertificate?: string;
  /** The agent has run with it: its journal must be there from then on. */
  readonly journalBegun?: boolean;
}

/** The CAs that the agent trusts, PEM. */
export function trustedBy({
  caCertificate,
  nextCaCertificate,
}: Pick<AgentIdentity, 'caCertificate' | 'nextCaCertificate'>): string[] {
  return nextCaCertificate === undefined ? [caCertificate] : [caCertificate, nextCaCertificate];
}

/** When the node's certificate is valid, milliseconds since 1970. */
export function certificateLife({ certificate }: Pick<AgentIdentity, 'certificate'>): {
  readonly from: number;
  readonly until: number;
} {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return { from: validFromDate.getTime(), until: validToDate.getTime() };
}
