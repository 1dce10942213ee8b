import Type, { type TString } from 'typebox';

const meanings = {
  account: "The operator's reference, or the id.",
  tariff: 'Name or id.',
  subscription: 'Id or reference; or an account, by reference or id, that has one subscription.',
  adjustment: 'Id.',
  device: 'Id.',
  node: 'Name or id.',
  group: 'Name or id.',
  webhook: 'Id.',
  key: 'Name or id.',
  erasure: 'Id.',
  id: 'Of a subscription or a device; or an account that has one subscription.',
} as const;

/** What stands in a route's path. */
export function pathOf<Name extends keyof typeof meanings>(...names: Name[]) {
  const parameters = names.map((name) => [name, Type.String({ description: meanings[name] })]);
  return Type.Object(Object.fromEntries(parameters) as Record<Name, TString>);
}
