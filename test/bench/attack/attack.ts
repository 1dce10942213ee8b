import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import type { Field } from './protocol.ts';
import type { Siege } from './siege.ts';

export interface Attack {
  /** As the table has it. */
  readonly name: string;
  /** What the operator's own systems do meanwhile, so that there is something to tell. */
  readonly beside?: 'changes' | 'events';
  /** As long as so many others. */
  readonly times?: number;
  /** `identities`: of nodes that are in the attackers' hands. Left out: nobody attacks, to compare with. */
  readonly begin?: (siege: Siege, field: Field, identities: readonly AgentIdentity[]) => void;
}

/** One of them, in turn. */
export function inTurn<One>(list: readonly One[], number: number): One {
  const one = list[number % list.length];
  if (one === undefined) throw new Error('there is none');
  return one;
}
