import type { Catalogue } from '../../../catalogue/catalogue.ts';
import type { Joining } from '../../api.ts';
import { toJson } from '../../json.ts';

/** Makes a join token, and the one command that uses it. */
export async function makeTicket(catalogue: Catalogue, joining: Joining, node: string) {
  const made = await catalogue.createJoinToken(node);
  const pin = joining.pin();
  const enrolmentAddress = joining.enrolmentAddress();
  const joinCommand = `turnpike-agent join ${enrolmentAddress} --token ${made.token} --pin ${pin}`;
  return { ...toJson(made), joinCommand, pin, enrolmentAddress };
}
