import { formatSize } from '../../common/bytes.ts';
import { showTime } from '../calendar/show-time.ts';
import {
  describeMoreVolume,
  describeRenewal,
  describeVolumeRenewal,
  type RenewalTerms,
} from './renewal-words.ts';
import { describeSeatMend, describeSeatUse, type SeatUse } from './seat-words.ts';

/** Less than one packet is as good as nothing. */
export const packet = 1500n;

/** Why something may not pass, and what is to be known of it beside. Times are milliseconds since 1970. */
interface Facts {
  suspension: { readonly reason: string };
  /** `account`: by its reference. `restricted`: kept and not used, until that is lifted. */
  'account-suspension': {
    readonly account: string;
    readonly reason: string;
    readonly restricted: boolean;
  };
  /** `account`: by its reference. */
  cancelled: { readonly account: string; readonly reason: string };
  'not-started': { readonly startsAt: number };
  /** `since` is when service ended, after the grace. */
  expired: { readonly renewal: RenewalTerms };
  /** `over`: it has expired, too, and needs a renewal anyhow. `endsAt`: when service ends; null: never. */
  volume: {
    readonly volumeBytes: bigint;
    readonly remainingBytes: bigint;
    readonly over: boolean;
    readonly endsAt: number | null;
    readonly renewal: RenewalTerms;
  };
  removed: object;
  /** By the device that enrolled last with the same hardware; `living`: it was not removed since. */
  replaced: { readonly by: string; readonly living: boolean };
  seat: SeatUse;
  /** `until`: it opens by itself then; null: when its node does not see it any more, which has its own time for that. */
  'shared-key': { readonly until: number | null };
}

export type ReasonCode = keyof Facts;

/** That a reason holds. */
export type Cause = {
  [Code in ReasonCode]: {
    readonly code: Code;
    readonly since: number;
  } & Facts[Code];
}[ReasonCode];

export interface Subject {
  readonly subscriptionId: string;
  /** Where the cause lies in the device. */
  readonly deviceId?: string;
}

interface Words<Code extends ReasonCode> {
  /** Closed also where limits are only observed: this is no limit. */
  readonly always?: true;
  /** One sentence for a person, without a capital or a full stop. */
  text(facts: Facts[Code]): string;
  /** What mends it; null where nothing does. */
  mend(subject: Subject, facts: Facts[Code]): string | null;
}

/** Every reason in words. A new one is a line in `Facts`, an entry here, and the place that finds it. */
const words: { readonly [Code in ReasonCode]: Words<Code> } = {
  suspension: {
    text: ({ reason }) => `the subscription is suspended: ${reason}`,
    mend: ({ subscriptionId }) => `turnpike subscription resume ${subscriptionId}`,
  },
  'account-suspension': {
    text: ({ reason, restricted }) => `its account is ${restricted ? 'restricted' : 'suspended'}: ${reason}`,
    // Resuming a restricted one is refused; lifting the restriction leaves it suspended.
    mend: (_, { account, restricted }) =>
      `${restricted ? `turnpike privacy unrestrict "${account}", and then ` : ''}turnpike account resume "${account}"`,
  },
  cancelled: {
    text: ({ reason }) => `the subscription was cancelled: ${reason}`,
    mend: (_, { account }) =>
      `turnpike subscription create --account "${account}" --tariff NAME makes another one`,
  },
  'not-started': {
    text: ({ startsAt }) => `the subscription starts at ${showTime(startsAt)}`,
    mend: ({ subscriptionId }) =>
      `nothing needs to be done: it opens by itself then (see turnpike subscription show ${subscriptionId})`,
  },
  expired: {
    text: () => 'the subscription has expired',
    mend: ({ subscriptionId }, { renewal }) => describeRenewal(subscriptionId, renewal, 'over'),
  },
  volume: {
    text: ({ volumeBytes, remainingBytes }) => {
      const usedUp = `the volume of ${formatSize(volumeBytes)} is used up`;
      return remainingBytes < packet
        ? usedUp
        : `${usedUp} but for ${formatSize(remainingBytes)}, which nodes hold that are out of contact, or is too little for a packet`;
    },
    mend: ({ subscriptionId }, { over, endsAt, renewal }) =>
      over
        ? describeVolumeRenewal(subscriptionId, renewal)
        : describeMoreVolume(subscriptionId, renewal, endsAt),
  },
  removed: {
    always: true,
    text: () => 'the device was removed',
    mend: () => null,
  },
  replaced: {
    always: true,
    text: ({ by, living }) =>
      `the same hardware enrolled again, as ${by}${living ? '' : ', which was removed'}`,
    mend: (_, { by, living }) =>
      `${living ? `use the configuration of ${by}` : 'add a device'}, or enrol this hardware once more`,
  },
  seat: {
    text: (use) =>
      `${describeSeatUse(use)}${use.needTwo.length > 0 ? '; its own key is used in two places at once, and needs two' : ''}`,
    mend: (_, use) => describeSeatMend(use),
  },
  'shared-key': {
    text: ({ until }) =>
      `its key is used in two places at once, and each counts as a connection: closed ${until === null ? 'until some 10 minutes after that was last seen' : `until ${showTime(until, 'second')}`}`,
    mend: ({ deviceId }) => `turnpike device rekey ${deviceId ?? 'DEVICE'}, and configure one place only`,
  },
};

export const reasonCodes = Object.keys(words) as ReasonCode[];

/** What a cause is to people. */
export function describeCause(cause: Cause, subject: Subject) {
  // The compiler cannot see that code and facts of one cause belong together.
  const entry = words[cause.code] as Words<ReasonCode>;
  return {
    code: cause.code,
    text: entry.text(cause as never),
    since: cause.since,
    mend: entry.mend(subject, cause as never),
    nodes: null,
  };
}

export function holdsAlways(code: ReasonCode): boolean {
  return words[code].always === true;
}
