import { explain } from '../access/explain.ts';
import type { Context } from '../books/context.ts';
import { exportLines } from '../bulk/export.ts';
import { importLines, reconcileLines } from '../bulk/import.ts';
import { followEvents } from '../events/follow.ts';
import { listEvents } from '../events/list.ts';
import { releaseHold } from '../hold/hold.ts';
import { confine } from '../store/confine.ts';
import { resumeAccount, suspendAccount } from './account-access.ts';
import { addAccount, getAccount, listAccounts } from './accounts.ts';
import { addDevice } from './add-device.ts';
import { sell } from './api-key-budget.ts';
import { findBookings } from './bookings.ts';
import type { Catalogue } from './catalogue.ts';
import { changeTariff } from './change-tariff.ts';
import { getClientSettings } from './client-settings.ts';
import { getDailyUsage } from './daily-usage.ts';
import { getDevice, listDevices, rekeyDevice, removeDevice } from './devices.ts';
import { setEnforcement } from './enforcement.ts';
import { findSubscriptionNamed } from './find.ts';
import { addGroup, getGroup, listGroups, setGroup } from './groups.ts';
import { listHeaviest } from './heaviest.ts';
import { createJoinToken } from './join-tokens.ts';
import { linkAccounts, unlinkAccount } from './links.ts';
import { addNode, getNode, listNodes, removeNode } from './nodes.ts';
import { awaitAdjustment, refund } from './refund.ts';
import { reverse } from './reverse.ts';
import { setAccount } from './set-account.ts';
import { setDevice } from './set-device.ts';
import { setNode } from './set-node.ts';
import { setTariff } from './set-tariff.ts';
import { getStatus } from './status.ts';
import { cancelSubscription, renewSubscription, setSubscription } from './subscription-times.ts';
import { createSubscription, getSubscription, listSubscriptions, resume, suspend } from './subscriptions.ts';
import { addTariff, getTariff, listTariffs, removeTariff } from './tariffs.ts';
import { topUp } from './top-up.ts';
import { getUsage } from './usage.ts';
import { looksLikeId } from './words.ts';

export function createCatalogue(context: Context): Catalogue {
  /** Hands the context over, and makes what is thrown before a transaction begins a rejection like the rest. */
  const on =
    <Arguments extends unknown[], Result>(
      call: (context: Context, ...values: Arguments) => Promise<Result>,
    ) =>
    async (...values: Arguments): Promise<Result> =>
      call(context, ...values);
  /** Like {@link on}, for calls that begin with a subscription; ids of other things are left as they are. */
  const onSubscription =
    <Rest extends unknown[], Result>(
      call: (context: Context, id: string, ...rest: Rest) => Promise<Result>,
    ) =>
    async (name: string, ...rest: Rest): Promise<Result> =>
      call(context, await resolveSubscription(context, name), ...rest);
  /** Like {@link onSubscription}, for what may sell volume. */
  const selling =
    <Rest extends unknown[], Result>(
      call: (context: Context, id: string, ...rest: Rest) => Promise<Result>,
    ) =>
    async (name: string, ...rest: Rest): Promise<Result> => {
      const id = await resolveSubscription(context, name);
      return sell(context, id, () => call(context, id, ...rest));
    };
  return {
    within: ({ tag, seller }) =>
      createCatalogue({
        ...context,
        ...(tag !== undefined && { store: confine(context.store, tag) }),
        ...(seller !== undefined && { seller }),
      }),
    addAccount: on(addAccount),
    setAccount: on(setAccount),
    listAccounts: on(listAccounts),
    getAccount: on(getAccount),
    linkAccounts: on(linkAccounts),
    unlinkAccount: on(unlinkAccount),
    suspendAccount: on(suspendAccount),
    resumeAccount: on(resumeAccount),
    addTariff: on(addTariff),
    listTariffs: on(listTariffs),
    getTariff: on(getTariff),
    setTariff: on(setTariff),
    removeTariff: on(removeTariff),
    createSubscription: async (input) =>
      sell(
        context,
        undefined,
        () => createSubscription(context, input),
        ({ id }) => id,
      ),
    setSubscription: selling(setSubscription),
    renewSubscription: selling(renewSubscription),
    changeTariff: selling(changeTariff),
    cancelSubscription: onSubscription(cancelSubscription),
    listSubscriptions: on(listSubscriptions),
    getSubscription: onSubscription(getSubscription),
    topUp: selling(topUp),
    refund: onSubscription(refund),
    reverse: onSubscription(reverse),
    awaitAdjustment: onSubscription(awaitAdjustment),
    suspend: onSubscription(suspend),
    resume: onSubscription(resume),
    findBookings: on(findBookings),
    getUsage: onSubscription(getUsage),
    getDailyUsage: onSubscription(getDailyUsage),
    addDevice: on(addDevice),
    listDevices: on(listDevices),
    getDevice: on(getDevice),
    setDevice: on(setDevice),
    rekeyDevice: on(rekeyDevice),
    removeDevice: on(removeDevice),
    getClientSettings: on(getClientSettings),
    addNode: on(addNode),
    listNodes: on(listNodes),
    getNode: on(getNode),
    removeNode: on(removeNode),
    setNode: on(setNode),
    createJoinToken: on(createJoinToken),
    addGroup: on(addGroup),
    listGroups: on(listGroups),
    getGroup: on(getGroup),
    setGroup: on(setGroup),
    setEnforcement: on(setEnforcement),
    listEvents: on(listEvents),
    followEvents: (filter, signal) => followEvents(context, filter, signal),
    importLines: on(importLines),
    reconcileLines: on(reconcileLines),
    exportLines: () => exportLines(context),
    getStatus: on(getStatus),
    releaseHold: () => releaseHold(context),
    listHeaviest: on(listHeaviest),
    explain: onSubscription(explain),
  };
}

async function resolveSubscription({ store }: Context, name: string): Promise<string> {
  if (looksLikeId(name) && !name.startsWith('acc_')) return name;
  return store.transaction(async (tx) => (await findSubscriptionNamed(tx, name)).id);
}
