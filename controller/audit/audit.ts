import { decrypt } from '../../common/aes-gcm.ts';
import type { Context } from '../books/context.ts';
import { parseDigits } from '../catalogue/cursor.ts';
import { findAccount } from '../catalogue/find.ts';
import { noLimit } from '../catalogue/paging.ts';
import { confineTx } from '../store/confine.ts';
import type { Tx } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import { Attempts } from './attempts.ts';
import type { AuditRow } from './chain.ts';
import { findChanged, findReached, type Reached } from './reached.ts';
import { type Actor, openAuditKey, recordAudit, recordAudits } from './record.ts';
import { findNamed, findSubject, type Named, type Subject, subjectOf } from './subject.ts';
import { isLatestWhole, type NotedHead, type Verdict, verifyAudit } from './verify.ts';

/** By whom something was asked for, and how. */
export interface Origin {
  readonly actor: Actor;
  readonly method: string;
  readonly route: string;
}

/** What was asked for, by whom. */
export interface Request extends Origin {
  /** What it names, in the words of the caller: only ids of what is there are written down. */
  readonly named: Named;
  /** Of a caller who sees accounts with this tag alone: a name is looked for among those. */
  readonly tag?: string | undefined;
  /** How much there was of what came in one request, such as lines of a list. */
  readonly figures?: Figures | undefined;
}

export type Figures = Readonly<Record<string, number>>;

/** What is known of a request before it is done. */
export interface Found {
  /** The ids of what it names, by parameter: what is done next may give it another name. */
  readonly named: Named;
  readonly reached: Reached;
}

/** Who did what, when, with what result; also what was refused. */
export interface Audit {
  find(request: Pick<Request, 'named' | 'tag'>): Promise<Found>;
  /**
   * In the transaction that is under way, if there is one: an entry of what is named, and one for each other account
   * of those that were reached that is not as it was.
   * @param made ids from the answer
   */
  done(request: Request & Partial<Found>, status: number, made: readonly string[]): Promise<void>;
  /** With figures, each time: what was done until then is told once. */
  refused(request: Request, status: number, problem: string): Promise<void>;
  /** Writes what was refused again and again, once its minute is over. */
  settleAttempts(): Promise<void>;
  list(filter?: AuditFilter): Promise<AuditEntry[]>;
  verify(noted?: NotedHead): Promise<Verdict>;
  /** {@link verify} of the latest entries alone, 1000 unless told: cheap enough to be asked for often. */
  isLatestWhole(latest?: number): Promise<boolean>;
}

export interface AuditFilter {
  /** Id or reference. */
  readonly account?: string;
  readonly limit?: number;
  /** Id of an entry: what is older follows. */
  readonly after?: string;
}

export interface AuditEntry {
  readonly id: string;
  readonly at: number;
  readonly actor: string;
  readonly actorName: string | null;
  readonly uid: number | null;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly problem: string | null;
  readonly times: number;
  /** Ids, by kind. */
  readonly subject: Readonly<Record<string, string | number>>;
  /** It was of a customer who has been erased: of whom, nobody can tell. */
  readonly erased: boolean;
}

export function createAudit(context: Pick<Context, 'store' | 'clock' | 'vault'>): Audit {
  const { store, clock, vault } = context;
  const attempts = new Attempts();
  return {
    find: (request) =>
      store.transaction(async (tx) => {
        const named = await findNamed(confineTx(tx, request.tag), request.named);
        return { named, reached: await findReached(tx, Object.values(named)) };
      }),
    done: ({ named, tag, figures, reached, ...request }, status, made) =>
      store.transaction(async (tx) => {
        const subject = withFigures(await findSubject(confineTx(tx, tag), named, made), figures);
        const changed = reached === undefined ? [] : await findChanged(tx, reached);
        const others = changed.filter((account) => account !== subject.accountId);
        const subjects = [subject, ...others.map((account) => subjectOf({ account }))];
        const entry = { ...request, at: clock.now(), status };
        await recordAudits(
          vault,
          tx,
          subjects.map((one) => ({ ...entry, subject: one })),
        );
      }),
    refused: ({ named, tag, figures, ...request }, status, problem) => {
      const at = clock.now();
      return store.transaction(async (tx) => {
        // Also what the caller may not see: whose it is that was tried is what the log is for.
        const all = await findNamed(tx, named);
        const seen = tag === undefined ? all : await findNamed(confineTx(tx, tag), named);
        if (figures !== undefined) {
          const subject = withFigures(await findSubject(tx, { ...all, ...seen }), figures);
          await recordAudit(vault, tx, { ...request, at, status, problem, subject });
          return;
        }
        const attempt = attempts.take({ ...request, at, status, problem, ids: { ...all, ...seen } });
        if (attempt === undefined) return;
        const { ids, ...entry } = attempt;
        await recordAudit(vault, tx, { ...entry, subject: await findSubject(tx, ids) });
      });
    },
    settleAttempts: async () => {
      const entries = attempts.due(clock.now());
      if (entries.length === 0) return;
      await store.transaction(async (tx) => {
        for (const { ids, ...entry } of entries) {
          await recordAudit(vault, tx, { ...entry, subject: await findSubject(tx, ids) });
        }
      });
    },
    list: (filter) => store.transaction((tx) => listAudit(context, tx, filter)),
    verify: (noted) => verifyAudit(context, noted),
    isLatestWhole: (latest) => store.transaction((tx) => isLatestWhole(tx, latest)),
  };
}

function withFigures({ own, ...subject }: Subject, figures: Figures = {}): Subject {
  return { ...subject, own: { ...own, ...figures } };
}

/** The latest first. */
export async function listAudit(
  { vault }: Pick<Context, 'vault'>,
  tx: Tx,
  filter: AuditFilter = {},
): Promise<AuditEntry[]> {
  let query = tx.db
    .selectFrom('audit')
    .leftJoin('audit_keys', 'audit_keys.handle', 'audit.account_handle')
    .selectAll('audit')
    .select(['audit_keys.key', 'audit_keys.account_id'])
    .orderBy('audit.id', 'desc')
    .limit(filter.limit ?? noLimit);
  if (filter.after !== undefined) query = query.where('audit.id', '<', parseDigits(filter.after));
  if (filter.account !== undefined) {
    const { id } = await findAccount(tx, filter.account);
    query = query.where('audit_keys.account_id', '=', id);
  }
  return (await query.execute()).map((row) => view(vault, row));
}

function view(
  vault: Vault,
  { key, account_id, ...row }: AuditRow & { key: Uint8Array | null; account_id: string | null },
): AuditEntry {
  const sealed = key && account_id && row.sealed && decrypt(openAuditKey(vault, account_id, key), row.sealed);
  return {
    id: String(row.id),
    at: row.at,
    actor: row.actor,
    actorName: row.actor_name,
    uid: row.uid,
    method: row.method,
    route: row.route,
    status: row.status,
    problem: row.problem,
    times: row.times,
    subject: { ...JSON.parse(row.subject), ...(sealed ? JSON.parse(sealed) : {}) },
    erased: row.sealed !== null && key === null,
  };
}
