import type { Arrival } from './visit.ts';

/** What goes over the channel between the bench and its simulated nodes: JSON values. */
export type Order =
  | { readonly kind: 'join'; readonly folder: string; readonly joinWords: readonly (readonly string[])[] }
  | {
      readonly kind: 'arrive';
      readonly request: number;
      readonly node: number;
      readonly device: CarriedDevice;
    }
  | { readonly kind: 'leave'; readonly request: number };

export interface CarriedDevice {
  readonly publicKey: string;
  readonly address4: string;
  readonly bytesPerSecond: number;
}

export type Answer =
  | { readonly kind: 'joined' }
  | { readonly kind: 'arrived'; readonly request: number; readonly arrival: Arrival }
  /** All that passed since the start, in bytes. */
  | { readonly kind: 'left'; readonly request: number; readonly carried: number };
