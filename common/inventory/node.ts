import { type Fields, kept } from './field.ts';

const node = kept('node');
const device = kept('device');
const subscription = kept('subscription');
const usage = kept('usage');

/** The agent's journal (agent/journal/schema.ts). A row goes when its subscription is erased. */
export const journalInventory = {
  setting: {
    name: node.field('which setting'),
    value: node.field('see below'),
  },
  device: {
    id: device.field('names the device in reports'),
    subscription_id: device.field('whose volume it uses'),
    revision: device.field('which word of the controller it is'),
    public_key: device.field('lets the device connect'),
    preshared_key: device.field('lets the device connect'),
    address4: device.field('its tunnel address, by which the gate knows it'),
    address6: device.field('its tunnel address, by which the gate knows it'),
    access: device.field('whether it may pass'),
    seat: device.field('whether it holds a seat here'),
    period: usage.field('of which the totals are'),
    upload: usage.field('total of the period'),
    download: usage.field('total of the period'),
    counted_a: usage.field('tunnel address that a kernel counter is tied to'),
    upload_a: usage.field('what that counter said last'),
    download_a: usage.field('what that counter said last'),
    counted_b: usage.field('tunnel address that a kernel counter is tied to'),
    upload_b: usage.field('what that counter said last'),
    download_b: usage.field('what that counter said last'),
  },
  subscription: {
    id: subscription.field('names the subscription in reports'),
    revision: subscription.field('which word of the controller it is'),
    metering: subscription.field('whether it needs grants'),
    granted: subscription.field('bytes that may pass here'),
    allowance: subscription.field('whether idle devices hold an allowance'),
    recall: subscription.field('whether bytes are to be given back'),
    period: subscription.field('of which the figures are'),
    period_ends_at: subscription.exact('when the next period begins, as sold'),
    next_granted: subscription.field('bytes for the next period'),
    ends_at: subscription.exact('when service ends, as sold'),
    speed: subscription.field('the speed sold'),
    throttle: subscription.field('the speed after the volume'),
    voucher: subscription.field("the controller's word for what it granted"),
    account_period: usage.field('of which the node keeps account'),
    account_since: usage.field('of which the node keeps account'),
    highest_granted: usage.field('the most that was granted'),
    highest_next: usage.field('the most that was granted for the next period'),
    armed: usage.field('what the kernel may have let through'),
    written_off: usage.field('what may have passed while counters were lost'),
    released: usage.field('what was given back'),
    recall_answered: usage.field('which recall was answered'),
    disturbed: usage.field('whether counters were lost'),
    highest_voucher: usage.field("the controller's word for the most that it granted"),
  },
  closed_period: {
    subscription_id: usage.field('whose period is over'),
    period: usage.field('its number'),
    since: usage.field('its number'),
    granted: usage.field('what was granted in it'),
    written_off: usage.field('what was written off in it'),
    released: usage.field('what was given back in it'),
    recall_answered: usage.field('which recall was answered'),
    devices: usage.field('totals of its devices, by id'),
    voucher: usage.field("the controller's word for what it granted"),
  },
  erasing: {
    subscription_id: subscription.field('which is being erased'),
    last_report: node.field('up to which report it may be named'),
  },
  outbox: {
    number: usage.field('of the report'),
    bytes: usage.field('totals by device and subscription, until the controller has booked them'),
  },
} as const satisfies Readonly<Record<string, Fields>>;

/** Values of the journal's table `setting`, by name. */
export const settingInventory = {
  owner: node.field('whose journal it is'),
  settings: node.field('how the controller wants the node'),
  past: node.field('sums over all devices and all periods that are over'),
  revision: node.field('up to where the controller was heard'),
  epoch: node.field('which life of the kernel counters'),
  epochs: node.field('how many there were'),
  valid_until: node.exact('until when grants may be used without the controller'),
  time: node.exact("the controller's clock, as it was heard"),
  refused: node.field('whether the controller refuses this node'),
  applying: node.field('whether a change of the kernel is under way'),
  last_report: node.field('number of the last report'),
} as const satisfies Fields;

export type SettingName = keyof typeof settingInventory;

/** Other files in the agent's state directory; `*` is the name of the interface. */
export const nodeFileInventory = {
  'journal.db': node.field('the journal, table by table above; beside it -wal and -shm of SQLite'),
  'identity.json': node.field("the node's key and certificate towards the controller"),
  'joining.key': node.field('the key of a join that is under way'),
  'wireguard.key': node.field("the node's WireGuard key"),
  'host-*.json': node.field('which settings of the host the agent turned on'),
  'agent.sock': node.field('a socket for turnpike-agent status; holds nothing'),
} as const satisfies Fields;
