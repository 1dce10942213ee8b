import type { IAsyncProperty } from 'fast-check';

/** Something that takes input from outside, and what must hold whatever comes. */
export interface FuzzTarget {
  readonly name: string;
  /** The rule, as a line for people. */
  readonly holds: string;
  /** Whose code is under fire, as paths in the project: of it, coverage is measured. */
  readonly files: readonly string[];
  open(): Promise<OpenTarget>;
}

export interface OpenTarget {
  readonly property: IAsyncProperty<unknown>;
  close(): Promise<void>;
}

/** A target that needs nothing but itself. */
export function plainTarget(
  about: Pick<FuzzTarget, 'name' | 'holds' | 'files'>,
  property: () => IAsyncProperty<never>,
): FuzzTarget {
  return {
    ...about,
    open: async () => ({ property: property() as IAsyncProperty<unknown>, close: async () => undefined }),
  };
}
