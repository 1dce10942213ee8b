import type { RequestOptions } from 'node:http';
import type { Ticket } from '../crew/protocol.ts';

/** What goes over the channel between the bench and its attackers: JSON values. */
export type Order =
  | { readonly kind: 'join'; readonly folder: string; readonly tickets: readonly Ticket[] }
  | { readonly kind: 'begin'; readonly attack: string; readonly field: Field }
  | { readonly kind: 'end' };

export type Answer =
  | { readonly kind: 'joined' }
  | { readonly kind: 'ended'; readonly did: Readonly<Record<string, number>> };

/** What attackers know of the place. Doors are HOST:PORT. */
export interface Field {
  readonly nodes: string;
  readonly enrolment: string;
  readonly api: string;
  readonly metrics: string;
  /** Of the API, with all that a billing backend may do. */
  readonly key: string;
  /** Addresses that they dial from. */
  readonly from: readonly string[];
  /** Ids of devices that their nodes serve. */
  readonly devices: readonly string[];
}

/** What goes over the channel between the bench and who looks whether the controller answers. */
export type WitnessOrder =
  | { readonly kind: 'watch'; readonly doors: readonly Door[] }
  | { readonly kind: 'tell' };

/** What is asked where, as node:http takes it. */
export interface Door {
  readonly name: string;
  readonly options: RequestOptions;
}

export interface Testimony {
  readonly answers: Readonly<Record<string, Answers>>;
}

export interface Answers {
  readonly asked: number;
  /** Refused, cut off, or not there in time. */
  readonly unanswered: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly most: number;
}
