import type { Tx } from '../store/store.ts';
import type { Enforcement, EnforcementChoice } from './views.ts';

/** The nearest word counts: the tariff's, else the group's, else the fleet's. */
export function effectiveEnforcement(
  tariff: EnforcementChoice,
  group: EnforcementChoice,
  fleet: Enforcement,
): Enforcement {
  if (tariff !== 'inherit') return tariff;
  return group === 'inherit' ? fleet : group;
}

/** The fleet's own word. */
export async function loadFleetEnforcement(tx: Tx): Promise<Enforcement> {
  return (await tx.db.selectFrom('fleet').select('enforcement').executeTakeFirstOrThrow()).enforcement;
}
