/**
 * The name in the controller's certificate, whatever address it is dialled by: agents trust the pinned CA and this
 * name, not DNS.
 */
export const controllerName = 'controller.turnpike.internal';

export interface CertifiedNode {
  readonly nodeId: string;
  readonly incarnation: number;
}

/** The name in a node's certificate: a URI as subject alternative name. */
export function nodeUri({ nodeId, incarnation }: CertifiedNode): string {
  return `turnpike://node/${nodeId}/${incarnation}`;
}

const subjectAltName = /^URI:turnpike:\/\/node\/(nod_[0-9a-z]{16})\/([1-9]\d{0,9})$/;

/** Reads {@link nodeUri} from a certificate's subject alternative name as Node prints it; exactly one name, or none. */
export function parseNodeSubjectAltName(text: string | undefined): CertifiedNode | undefined {
  const match = subjectAltName.exec(text ?? '');
  if (!match?.[1]) return undefined;
  return { nodeId: match[1], incarnation: Number(match[2]) };
}
