/** What a doctor found. */
export interface Finding {
  readonly what: string;
  /** `missing`: the agent cannot run so. `warning`: it can, but something will surprise. */
  readonly state: 'ok' | 'warning' | 'missing';
  readonly detail: string;
  readonly remedy?: string;
}

export function describeFinding({ what, state, detail, remedy }: Finding): string {
  const line = `${state.padEnd(8)} ${what}: ${detail}`;
  return remedy === undefined ? line : `${line} (${remedy})`;
}

export const ok = (what: string, detail: string): Finding[] => [{ what, state: 'ok', detail }];
export const missing = (what: string, detail: string, remedy: string): Finding[] => [
  { what, state: 'missing', detail, remedy },
];
export const warning = (what: string, detail: string, remedy: string): Finding[] => [
  { what, state: 'warning', detail, remedy },
];
