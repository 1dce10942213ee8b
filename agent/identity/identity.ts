import { X509Certificate } from 'node:crypto';

/** What this node is, as the controller gave it at join and at renewals. */
export interface AgentIdentity {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly incarnation: number;
  /** host:port of the controller's listener for nodes. */
  readonly controllerAddress: string;
  /** PKCS#8 in PEM. Made here; never leaves the node. */
  readonly privateKey: string;
  /** PEM. */
  readonly certificate: string;
  /** The fleet's CA, PEM: the only one that the agent trusts. */
  readonly caCertificate: string;
}

/** When the node's certificate is valid, milliseconds since 1970. */
export function certificateLife({ certificate }: Pick<AgentIdentity, 'certificate'>): {
  readonly from: number;
  readonly until: number;
} {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return { from: validFromDate.getTime(), until: validToDate.getTime() };
}
