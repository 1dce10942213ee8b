import type { TurnpikeError } from '../../common/errors.ts';
import { normalLine } from '../catalogue/words.ts';

/** A subscription as billing backends list it. Of what is absent a list has no opinion. */
export interface SubscriptionLine {
  readonly type: 'subscription';
  /** The billing backend's own: by it, a line is known again. null: `id` names it. */
  readonly reference: string | null;
  /** Where there is one with this id and none with the reference, it gets the reference. */
  readonly id?: string;
  /** By reference or id. One that is not there yet is added. */
  readonly account: string;
  readonly tariff: string;
  readonly timeZone?: string;
  readonly starts?: string;
  readonly expires?: string | null;
  /** The reason; null: it is not. */
  readonly suspended?: string | null;
}

export interface DeviceLine {
  readonly type: 'device';
  /** Reference or id of its subscription, whose line comes before. */
  readonly subscription: string;
  /** By it, a line is known again. */
  readonly publicKey: string;
  readonly label?: string | null;
  readonly platform?: string | null;
  readonly hardwareId?: string;
}

export type Line = SubscriptionLine | DeviceLine;

/** As lines are written in the books, so that the same line again is the same: so they are wherever else they are looked at. */
export function normalized(line: Line): Line {
  const texts = Object.entries(line).map(([key, value]) => [
    key,
    typeof value === 'string' && key !== 'publicKey' ? normalLine(value) : value,
  ]);
  return Object.fromEntries(texts) as Line;
}

/** As it was read, or why it could not be. */
export interface NumberedLine {
  /** From 1. */
  readonly number: number;
  readonly line: Line | TurnpikeError;
}
