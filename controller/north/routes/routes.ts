import type { Scope } from '../../catalogue/api-key-scopes.ts';
import type { Route } from '../api.ts';
import { addAccount } from './accounts/add.ts';
import { changeAccount } from './accounts/change.ts';
import { linkAccounts } from './accounts/link.ts';
import { listAccounts } from './accounts/list.ts';
import { resumeAccount } from './accounts/resume.ts';
import { showAccount } from './accounts/show.ts';
import { suspendAccount } from './accounts/suspend.ts';
import { unlinkAccount } from './accounts/unlink.ts';
import { addApiKey } from './api-keys/add.ts';
import { changeApiKey } from './api-keys/change.ts';
import { listApiKeys } from './api-keys/list.ts';
import { removeApiKey } from './api-keys/remove.ts';
import { rotateApiKey } from './api-keys/rotate.ts';
import { showApiKey } from './api-keys/show.ts';
import { listAudit } from './audit/list.ts';
import { verifyAudit } from './audit/verify.ts';
import { createBackup } from './backups/create.ts';
import { forgetBackup } from './backups/forget.ts';
import { listBackups } from './backups/list.ts';
import { verifyBackup } from './backups/verify.ts';
import { exportLines } from './bulk/export.ts';
import { importLines } from './bulk/import.ts';
import { reconcile } from './bulk/reconcile.ts';
import { beginCa } from './ca/begin.ts';
import { finishCa } from './ca/finish.ts';
import { showCa } from './ca/show.ts';
import { addDevice } from './devices/add.ts';
import { changeDevice } from './devices/change.ts';
import { showConfig } from './devices/config.ts';
import { listDevices } from './devices/list.ts';
import { makeConfig } from './devices/make-config.ts';
import { rekeyDevice } from './devices/rekey.ts';
import { removeDevice } from './devices/remove.ts';
import { showDevice } from './devices/show.ts';
import { listEvents } from './events/list.ts';
import { showDailyUsage } from './fleet/daily-usage.ts';
import { switchEnforcement } from './fleet/enforcement.ts';
import { explain } from './fleet/explain.ts';
import { showHealth } from './fleet/health.ts';
import { listHeaviest } from './fleet/heaviest.ts';
import { showStatus } from './fleet/status.ts';
import { showUsage } from './fleet/usage.ts';
import { addGroup } from './groups/add.ts';
import { changeGroup } from './groups/change.ts';
import { listGroups } from './groups/list.ts';
import { showGroup } from './groups/show.ts';
import { releaseHold } from './hold/release.ts';
import { rotateKey } from './key/rotate.ts';
import { showKey } from './key/show.ts';
import { addNode } from './nodes/add.ts';
import { changeNode } from './nodes/change.ts';
import { listNodes } from './nodes/list.ts';
import { removeNode } from './nodes/remove.ts';
import { showNode } from './nodes/show.ts';
import { makeJoinToken } from './nodes/token.ts';
import { eraseAccount } from './privacy/erase.ts';
import { exportAccount } from './privacy/export.ts';
import { showInventory } from './privacy/inventory.ts';
import { listErasures, showErasure } from './privacy/receipts.ts';
import { rectifyAccount } from './privacy/rectify.ts';
import { liftRestriction, restrictAccount } from './privacy/restrict.ts';
import { showRetention } from './privacy/retention.ts';
import { findBookings } from './subscriptions/bookings.ts';
import { cancel } from './subscriptions/cancel.ts';
import { changeSubscriptionTariff } from './subscriptions/change.ts';
import { createSubscription } from './subscriptions/create.ts';
import { listSubscriptions } from './subscriptions/list.ts';
import { refund } from './subscriptions/refund.ts';
import { renew } from './subscriptions/renew.ts';
import { resume } from './subscriptions/resume.ts';
import { reverse } from './subscriptions/reverse.ts';
import { setSubscription } from './subscriptions/set.ts';
import { showSubscription } from './subscriptions/show.ts';
import { suspend } from './subscriptions/suspend.ts';
import { topUp } from './subscriptions/top-up.ts';
import { addTariff } from './tariffs/add.ts';
import { changeTariff } from './tariffs/change.ts';
import { listTariffs } from './tariffs/list.ts';
import { removeTariff } from './tariffs/remove.ts';
import { showTariff } from './tariffs/show.ts';
import { addWebhook } from './webhooks/add.ts';
import { changeWebhook } from './webhooks/change.ts';
import { listDeliveries } from './webhooks/deliveries.ts';
import { listWebhooks } from './webhooks/list.ts';
import { removeWebhook } from './webhooks/remove.ts';
import { replayWebhook } from './webhooks/replay.ts';
import { rotateWebhook } from './webhooks/rotate.ts';
import { showWebhook } from './webhooks/show.ts';

/** All that the API offers, by the scope that a caller needs for it; what is under `socket` no key may do. */
export const routes: Readonly<Record<Scope | 'socket', readonly Route[]>> = {
  read: [
    ...[listAccounts, showAccount, listTariffs, showTariff, listSubscriptions, showSubscription],
    ...[listDevices, showDevice, listNodes, showNode, listGroups, showGroup],
    ...[findBookings, listEvents, showUsage, showDailyUsage, exportLines],
    ...[showStatus, showHealth, listHeaviest, explain],
    ...[showInventory, showRetention],
  ],
  support: [
    ...[suspendAccount, resumeAccount, suspend, resume, topUp],
    // A configuration holds the preshared key.
    ...[rekeyDevice, showConfig, makeConfig],
  ],
  subscriptions: [
    ...[addAccount, linkAccounts, unlinkAccount],
    ...[createSubscription, setSubscription, changeSubscriptionTariff, renew, cancel, refund, reverse],
    ...[addDevice, changeDevice, removeDevice, importLines, reconcile],
  ],
  nodes: [addNode, changeNode, makeJoinToken, removeNode, addGroup, changeGroup],
  admin: [
    changeAccount,
    ...[addTariff, changeTariff, removeTariff, switchEnforcement],
    ...[addApiKey, listApiKeys, showApiKey, changeApiKey, rotateApiKey, removeApiKey],
    ...[addWebhook, listWebhooks, showWebhook, changeWebhook, rotateWebhook, removeWebhook],
    ...[listDeliveries, replayWebhook, listAudit, verifyAudit],
    ...[exportAccount, eraseAccount, listErasures, showErasure, rectifyAccount],
    ...[restrictAccount, liftRestriction, releaseHold],
    ...[createBackup, listBackups, verifyBackup, forgetBackup],
  ],
  // Who may rule over the nodes' identities is at the machine.
  socket: [showCa, beginCa, finishCa, showKey, rotateKey],
};

/**
 * Those that a key confined to a tag may use: they go by the catalogue of the request alone, and tell of tariffs, of
 * accounts and what is theirs, or of the nodes that serve them. A new route is not among them before that is sure.
 */
export const confinable: ReadonlySet<Route> = new Set([
  ...[listAccounts, showAccount, addAccount, linkAccounts, unlinkAccount, suspendAccount, resumeAccount],
  ...[listTariffs, showTariff, listNodes, showNode],
  ...[listSubscriptions, showSubscription, createSubscription, setSubscription, changeSubscriptionTariff],
  ...[renew, cancel, suspend, resume, topUp, refund, reverse],
  ...[listDevices, showDevice, addDevice, changeDevice, rekeyDevice, removeDevice, showConfig, makeConfig],
  ...[findBookings, listEvents, showUsage, showDailyUsage, explain, exportLines, importLines, reconcile],
]);
