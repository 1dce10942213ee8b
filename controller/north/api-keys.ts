import type { PageFilter } from '../catalogue/catalogue.ts';

/** Keys for the API over TCP. */
export interface ApiKeys {
  /** @throws TurnpikeError `conflict` when the name is taken. */
  add(input: { name: string; hash: Uint8Array }): Promise<ApiKey>;
  list(page?: PageFilter): Promise<ApiKey[]>;
  /** By name or id. @throws TurnpikeError `not_found` */
  remove(key: string): Promise<ApiKey>;
  /** The key with this hash. */
  find(hash: Uint8Array): Promise<ApiKey | undefined>;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}
