/*
 * Grants over several nodes and one controller, as the code does it: see README.md. All bytes are in units of the
 * smallest grant, which is an idle device's allowance, too. One process takes one step after the other; each step is
 * what the code does in one transaction or one change of the kernel.
 *
 * A step prints "@ name node | ..." with the figures after it: the rows of all nodes (granted, used, written off,
 * released, last recall, last recall answered), what is unclaimed, and of the step's node the account (granted, used,
 * armed, written off, released, recall) and the kernel (what passes, how much of it is left). test/model plays these
 * lines on the code.
 */

#ifndef NODES
#define NODES 3
#endif
#ifndef VOLUME
#define VOLUME 4
#endif
/* How often the world may do what would never end: crashes of any kind, refused packets, pauses without traffic. */
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef KNOCKS
#define KNOCKS 2
#endif
#ifndef PAUSES
#define PAUSES 1
#endif
#ifndef EXPIRIES
#define EXPIRIES 1
#endif
/* 1: a message from before may come late, after those that followed it. */
#ifndef LATE
#define LATE 0
#endif
/* 1: a backup is made once, and the controller may be restored from it (a crash). */
#ifndef RESTORE
#define RESTORE 0
#endif

/* Idle allowances are given and kept while at least so many times their sum would be free without them. */
#ifndef AMPLE
#define AMPLE 1
#endif
/* With less than this left, a node wants more (agent/grants/figures.ts). */
#define LOW 4

/* The controller's rows: granted, used, written off, released; number of the last recall, and of the last answered. */
byte cG[NODES], cU[NODES], cW[NODES], cR[NODES], cN[NODES], cA[NODES];
bool cWant[NODES], cAlw[NODES];
/* In memory only: not active lately; recalled lately. */
bool cStale[NODES], cAsked[NODES];
/* The report that was frozen last is booked. */
bool booked[NODES];

/* The node's journal: highest granted, used as read, armed at most, written off, released, recall answered. */
byte jG[NODES], jU[NODES], jA[NODES], jW[NODES], jR[NODES], jN[NODES];
/* What the controller wants, as the node heard last. */
byte dN[NODES];
bool dAlw[NODES];
/* The report that was frozen last, and whether it waits to be acknowledged. */
byte rU[NODES], rG[NODES], rW[NODES], rR[NODES], rN[NODES];
bool rWant[NODES], pending[NODES];

/* The kernel: what passes (an object of quota or an allowance), how much of it is left, what passed and was not read. */
#define NOTHING 0
#define QUOTA 1
#define ALLOWANCE 2
byte kind[NODES], left[NODES], unread[NODES];
/* What passed and was not read when the counters were destroyed. */
byte lost[NODES];
/* The grants' time is not over; the counters are those that the journal is tied to. */
bool valid[NODES], fresh[NODES];

/* The agent's memory. */
bool up[NODES];
#define IDLE 0
#define CALM 1
#define LIVELY 2
byte act[NODES];
byte seen[NODES]; /* what the object had left, as of the last reading or arming */
bool wants[NODES], owing[NODES], knocked[NODES], unsettled[NODES], again[NODES];
hidden byte entering;
bool dirtyUse[NODES], dirty[NODES], urgent[NODES], due[NODES], said[NODES];
/* Journalled and not yet in the kernel. */
#define KEEP 0
#define CLOSE 1
#define ALLOW 2
#define ARM 3
byte plan_[NODES], planned[NODES];

byte crashes, knocks, pauses, expiries;

#if LATE
/* A message of each kind from before. */
byte oU[NODES], oG[NODES], oW[NODES], oR[NODES], oN[NODES];
bool oWant[NODES], oBooked[NODES], oIs[NODES];
/* There was a report. */
bool one[NODES];
byte sG[NODES], sN[NODES];
bool sAlw[NODES], sIs[NODES];
#endif

#if RESTORE
#define NONE 0
#define MADE 1
#define USED 2
byte backup;
byte bG[NODES], bU[NODES], bW[NODES], bR[NODES], bN[NODES], bA[NODES];
bool bWant[NODES], bAlw[NODES], bBooked[NODES];
/* The term is the second one, as the controller and each node knows it; nothing is granted. */
bool newTerm, holding, heardTerm[NODES], rTerm[NODES], answered[NODES];
/* What was granted after the backup to nodes that were silent until the wait was over. */
byte unknown;
#endif

hidden byte i, k, best, sum, quiet, spare, growth;
hidden int unclaimed, ample, most, out;
hidden byte wasG[NODES], wasN[NODES];
hidden byte wasWant[NODES], fresh_[NODES], served[NODES];
hidden byte renew, starving, reads;

#define OUT(n) (cG[n] - cU[n] - cW[n] - cR[n])
#define CLAIM(n) (cG[n] - cR[n])
#define ACTIVE(n) (cWant[n] || fresh_[n])
#define ASKED(n) (cA[n] < cN[n])
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define MIN(a, b) ((a) < (b) -> (a) : (b))
/* In all its life, with what is lost. */
#define PASSED(n) (jU[n] + unread[n] + lost[n])
#define PASSES(n) (left[n] > 0 && (kind[n] == ALLOWANCE || (kind[n] == QUOTA && valid[n])))

inline claimed() {
  unclaimed = VOLUME;
  for (i : 0 .. NODES - 1) { unclaimed = unclaimed - CLAIM(i) }
}

inline recall(n) {
  if
  :: !ASKED(n) && OUT(n) > 0 -> cN[n]++
  :: else
  fi
}

/* controller/ledger/plan.ts, planGrants. `reporter` NODES: nobody reports. Uses `growth` and `renew` of the reporter. */
inline decide(reporter) {
  for (i : 0 .. NODES - 1) {
    wasG[i] = cG[i]; wasN[i] = cN[i]; wasWant[i] = cWant[i]; served[i] = false;
    fresh_[i] = !cStale[i] || (i == reporter && (cWant[i] || growth > 0))
  }
  claimed();
  /* Grants to those that want, who has least first. */
  for (k : 1 .. NODES) {
    best = NODES;
    for (i : 0 .. NODES - 1) {
      if
      :: cWant[i] && !ASKED(i) && !served[i] && (best == NODES || OUT(i) < most) -> best = i; most = OUT(i)
      :: else
      fi
    }
    if
    :: best < NODES ->
      served[best] = true;
      if
      :: unclaimed >= 1 -> cG[best]++; unclaimed--; cWant[best] = false
      :: else
      fi
    :: else
    fi
  }
  /* Allowances. */
  ample = unclaimed;
  for (i : 0 .. NODES - 1) {
    if
    :: cAlw[i] && OUT(i) > 0 -> ample++
    :: else
    fi
  }
  for (i : 0 .. NODES - 1) {
    if
    :: cAlw[i] && ample < NODES * AMPLE ->
      cAlw[i] = false;
      if
      :: !ACTIVE(i) -> recall(i)
      :: else
      fi
    :: cAlw[i] && ample >= NODES * AMPLE && i == reporter && renew && OUT(i) < 1 && unclaimed >= 1 -> cG[i]++; unclaimed--
    :: !cAlw[i] && ample >= NODES * AMPLE ->
      cAlw[i] = true;
      if
      :: OUT(i) < 1 && unclaimed >= 1 -> cG[i]++; unclaimed--
      :: else
      fi
    :: else
    fi
  }
  /* Recalls: of what lies idle, and for those that starve. */
  for (i : 0 .. NODES - 1) {
    if
    :: !fresh_[i] && cG[i] == wasG[i] && !cAsked[i] && !cWant[i] && OUT(i) > (cAlw[i] -> 1 : 0) -> recall(i)
    :: else
    fi
  }
  starving = false; quiet = 0;
  for (i : 0 .. NODES - 1) { starving = starving || (cWant[i] && !ASKED(i)) }
  for (i : 0 .. NODES - 1) {
    served[i] = starving && !cWant[i] && OUT(i) > 0 && (cN[i] > wasN[i] || (!ASKED(i) && !cAsked[i]));
    if
    :: served[i] && !ACTIVE(i) -> quiet = quiet + OUT(i)
    :: else
    fi
  }
  for (i : 0 .. NODES - 1) {
    if
    :: served[i] && (quiet == 0 || !ACTIVE(i)) -> cAlw[i] = false; recall(i)
    :: else
    fi
  }
  /* What is remembered of it. */
  for (i : 0 .. NODES - 1) {
    if
    :: (wasWant[i] && (i == reporter || cG[i] > wasG[i])) || (i == reporter && growth > 0) -> cStale[i] = false
    :: else
    fi;
    if
    :: cN[i] > wasN[i] -> cAsked[i] = true
    :: else
    fi;
#ifdef PLANT_FREE_EARLY
    /* Frees what is recalled before the report of it is booked. */
    if
    :: cN[i] > wasN[i] && OUT(i) > 0 -> cR[i] = cR[i] + OUT(i)
    :: else
    fi
#endif
  }
}

inline may_decide(reporter) {
#if RESTORE
  if
  :: !holding -> decide(reporter)
  :: else
  fi
#else
  decide(reporter)
#endif
}

/* controller/ledger/book.ts, bookReport, of these totals; then decides. */
inline book(n, u, g, w, r, recalled, want) {
#ifdef PLANT_DIFFERENCES
  /* Books what is more than in the report before, instead of totals. */
  growth = u - pU[n];
  cU[n] = cU[n] + growth;
  pU[n] = u;
#else
  growth = (u > cU[n] -> u - cU[n] : 0);
  cU[n] = cU[n] + growth;
#endif
  if
  :: g >= cG[n] -> cWant[n] = want
  :: else
  fi;
  cG[n] = MAX(cG[n], g);
  cW[n] = MAX(cW[n], w);
  cR[n] = MAX(cR[n], r);
  renew = recalled > cA[n];
  cN[n] = MAX(cN[n], recalled);
  cA[n] = MAX(cA[n], recalled);
  out = OUT(n);
  if
  :: out < 0 -> cG[n] = cG[n] - out
  :: else
  fi;
  may_decide(n)
}

/* agent/grants/account.ts. */
inline read(n) {
  again[n] = false; unsettled[n] = false;
  if
  :: unread[n] > 0 ->
    jU[n] = jU[n] + unread[n]; unread[n] = 0; act[n] = LIVELY; dirtyUse[n] = true
  :: else
  fi;
  seen[n] = (kind[n] == QUOTA -> left[n] : 0);
  most = jU[n] + (kind[n] == QUOTA -> seen[n] : (kind[n] == ALLOWANCE -> 1 : 0));
  jA[n] = MAX(jU[n], MIN(jA[n], most))
}

inline measure(n) {
  spare = (jG[n] > jW[n] + jR[n] + jA[n] -> jG[n] - jW[n] - jR[n] - jA[n] : 0)
}

inline close(n) {
  again[n] = true;
  if
  :: kind[n] != NOTHING -> plan_[n] = CLOSE
  :: else
  fi
}

inline arm(n) {
#ifdef PLANT_NOT_JOURNALLED
  /* Arms without a bound in the journal. */
#else
  jA[n] = jA[n] + spare;
#endif
  plan_[n] = ARM; planned[n] = spare;
  wants[n] = spare < LOW
}

/* agent/grants/arming.ts, resting. */
inline resting(n) {
  wants[n] = false;
  if
  :: kind[n] == ALLOWANCE -> skip
  :: kind[n] != ALLOWANCE && dAlw[n] && spare >= 1 -> jA[n]++; plan_[n] = ALLOW; planned[n] = 1
  :: else -> plan_[n] = (kind[n] == NOTHING -> KEEP : CLOSE)
  fi
}

/* agent/grants/arming.ts, serve. */
inline serve(n) {
  if
  :: act[n] == IDLE && kind[n] == QUOTA && !dAlw[n] -> wants[n] = false
  :: act[n] == IDLE && kind[n] == QUOTA && dAlw[n] && spare < 1 -> close(n); wants[n] = false; act[n] = IDLE
  :: act[n] == IDLE && !(kind[n] == QUOTA && (!dAlw[n] || spare < 1)) -> resting(n)
  :: act[n] != IDLE && kind[n] == QUOTA ->
    if
    :: seen[n] < LOW && spare > seen[n] -> arm(n)
    :: else -> wants[n] = spare + seen[n] < LOW
    fi
  :: act[n] != IDLE && kind[n] == ALLOWANCE ->
    if
    :: spare >= 1 -> arm(n)
    :: spare < 1 && knocked[n] && jA[n] - jU[n] + spare > 0 -> close(n); wants[n] = true
    :: else -> wants[n] = true
    fi
  :: act[n] != IDLE && kind[n] == NOTHING ->
    if
    :: spare > 0 -> arm(n)
    :: else -> wants[n] = true
    fi
  fi;
  wants[n] = wants[n] && act[n] == LIVELY
}

/* agent/grants/decide.ts, up to what is journalled. */
inline choose(n) {
  plan_[n] = KEEP; planned[n] = 0;
  measure(n);
  if
  :: !valid[n] ->
    wants[n] = false;
    if
    :: kind[n] != NOTHING -> close(n)
    :: else
    fi
  :: valid[n] && act[n] != LIVELY && (dN[n] > jN[n] || owing[n]) ->
    /* agent/grants/recall.ts, answerAtRest */
    act[n] = IDLE; knocked[n] = false; wants[n] = false;
    if
#ifdef PLANT_RELEASE_UNREAD
    /* Gives back what is armed without closing and reading. */
    :: true -> jR[n] = jG[n] - jW[n] - jU[n]; jN[n] = MAX(jN[n], dN[n]); owing[n] = false
#else
    :: kind[n] == QUOTA || (kind[n] == ALLOWANCE && !dAlw[n]) -> close(n)
    :: !(kind[n] == QUOTA || (kind[n] == ALLOWANCE && !dAlw[n])) && unsettled[n] -> resting(n); again[n] = true
    :: else ->
      growth = MIN(spare, (dAlw[n] && kind[n] != ALLOWANCE -> 1 : 0));
      jR[n] = jR[n] + spare - growth; jN[n] = MAX(jN[n], dN[n]); owing[n] = false;
      measure(n);
      resting(n)
#endif
    fi
  :: else ->
    if
    :: dN[n] > jN[n] ->
      /* answerInTraffic */
      jR[n] = jR[n] + spare; jN[n] = MAX(jN[n], dN[n]); owing[n] = true; spare = 0
    :: else
    fi;
    serve(n)
  fi;
  if
  :: plan_[n] != KEEP -> unsettled[n] = true
  :: else
  fi
}

/* agent/reconcile/reports.ts: what is not known yet goes into the next report, one at a time. */
inline freeze(n) {
  if
  :: !said[n] && (wants[n] || jR[n] > 0 || jW[n] > 0 || jN[n] > 0) -> dirty[n] = true; urgent[n] = true
  :: said[n] && (rR[n] != jR[n] || rW[n] != jW[n] || rN[n] != jN[n]) -> dirty[n] = true; urgent[n] = true
  :: said[n] && !(rR[n] != jR[n] || rW[n] != jW[n] || rN[n] != jN[n]) && wants[n] && (!rWant[n] || rG[n] != jG[n]) ->
    dirty[n] = true; urgent[n] = true
  :: said[n] && !(rR[n] != jR[n] || rW[n] != jW[n] || rN[n] != jN[n]) && !wants[n] && rWant[n] -> dirty[n] = true
  :: else
  fi;
  if
  :: !pending[n] && (dirtyUse[n] || dirty[n]) && (urgent[n] || due[n]) ->
#if LATE
    oU[n] = rU[n]; oG[n] = rG[n]; oW[n] = rW[n]; oR[n] = rR[n]; oN[n] = rN[n]; oWant[n] = rWant[n];
    oBooked[n] = booked[n]; oIs[n] = one[n]; one[n] = true;
#endif
    /* Totals never shrink. */
    assert(jU[n] >= rU[n] && jG[n] >= rG[n] && jW[n] >= rW[n] && jR[n] >= rR[n] && jN[n] >= rN[n]);
    rU[n] = jU[n]; rG[n] = jG[n]; rW[n] = jW[n]; rR[n] = jR[n]; rN[n] = jN[n]; rWant[n] = wants[n];
#if RESTORE
    rTerm[n] = heardTerm[n];
    bBooked[n] = false;
#endif
    pending[n] = true; booked[n] = false; said[n] = true;
    dirtyUse[n] = false; dirty[n] = false; urgent[n] = false; due[n] = false
  :: else
  fi
}

inline round(n, reading) {
  if
  :: reading || again[n] -> read(n)
  :: else
  fi;
  choose(n);
  freeze(n)
}

/*
 * A message of desired state is absorbed (agent/reconcile/absorb.ts): before a reading that is owed
 * (agent/reconcile/reading-debt.ts), but for one that begins the validity again, for which all is looked at. `reads`.
 */
inline absorb(n, g, recalled, allowed) {
  if
  :: reads -> read(n)
  :: else
  fi;
  if
  :: g > jG[n] -> owing[n] = false; jG[n] = g
  :: else
  fi;
  dN[n] = recalled; dAlw[n] = allowed;
  choose(n);
  freeze(n)
}

inline apply(n) {
  if
  :: plan_[n] == CLOSE -> kind[n] = NOTHING; left[n] = 0
  :: plan_[n] == ALLOW -> kind[n] = ALLOWANCE; left[n] = 1
  :: plan_[n] == ARM ->
    left[n] = planned[n];
    kind[n] = QUOTA; seen[n] = left[n]
  fi;
  plan_[n] = KEEP; planned[n] = 0
}

inline forget(n) {
  up[n] = false;
  plan_[n] = KEEP; planned[n] = 0; act[n] = IDLE; seen[n] = 0; wants[n] = false; owing[n] = false; knocked[n] = false;
  unsettled[n] = false; again[n] = false; dirtyUse[n] = false; dirty[n] = false; urgent[n] = false; due[n] = false;
  said[n] = false
}

inline start(n) {
  up[n] = true; due[n] = true; dirty[n] = true; dirtyUse[n] = jU[n] > 0;
  if
  :: !fresh[n] ->
    /* agent/reconcile/epochs.ts */
#ifndef PLANT_NO_WRITE_OFF
    jW[n] = jW[n] + jA[n] - jU[n];
#endif
    jA[n] = jU[n]; fresh[n] = true; urgent[n] = true; entering = true
  :: fresh[n] && kind[n] == QUOTA && !valid[n] -> kind[n] = NOTHING; left[n] = 0
  :: else
  fi;
  round(n, true);
  /* The device enters a new table: it is read before anything of it is given back (agent/reconcile/enforce.ts). */
  if
  :: entering -> unsettled[n] = true; entering = false
  :: else
  fi
}

#define NODE(n) cG[n], cU[n], cW[n], cR[n], cN[n], cA[n]
#define IN_FORCE(n) (kind[n] == QUOTA && !valid[n] -> NOTHING : kind[n])
inline tell(name, n) {
  claimed();
  printf("@ %e %d | ", name, n);
  for (i : 0 .. NODES - 1) { printf("%d %d %d %d %d %d ", NODE(i)) }
  printf("| %d | %d %d %d %d %d %d | %d %d\n", unclaimed, jG[n], jU[n], jA[n], jW[n], jR[n], jN[n],
    IN_FORCE(n), (PASSES(n) -> left[n] : 0))
}

mtype = { use, beat, apply_, say, book_, ack, knock, calm, rest, expire, crash, power, start_, restart, pause, sweep };
mtype = { stale, late, keep, backup_, restore, wait };

#if RESTORE
#define UNKNOWN unknown
#define TERM(n) && heardTerm[n] == newTerm
#else
#define UNKNOWN 0
#define TERM(n)
#endif

/* What must hold after every step. */
inline check() {
  sum = 0;
  for (i : 0 .. NODES - 1) {
    sum = sum + PASSED(i);
    assert(jU[i] + unread[i] <= jA[i]);
    assert(fresh[i] -> jU[i] + jW[i] + jR[i] <= jG[i] : true);
    /* No less than what is lost is written off. */
    assert(fresh[i] -> lost[i] <= jW[i] : true);
    /* Billed is what was accepted, once all is said. */
    assert(up[i] && unread[i] == 0 && !dirtyUse[i] && !pending[i] && fresh[i] TERM(i) -> cU[i] == jU[i] : true)
  }
  claimed();
  assert(sum <= VOLUME + UNKNOWN);
#if !RESTORE
  /* Settled and reserved. A restored row may claim for a while what was given back since. */
  assert(unclaimed >= 0)
#endif
}

#define CAN(n) (up[n] && plan_[n] == KEEP)
/* Nodes are alike: the first traffic comes to them in their order. */
bool touched[NODES];
#define IN_ORDER(n) (n == 0 || touched[(n + NODES - 1) % NODES])

#define STEPS(n) \
  :: d_step { PASSES(n) && IN_ORDER(n) -> touched[n] = true; left[n]--; unread[n]++; tell(use, n); check() } \
  :: d_step { CAN(n) && (unread[n] > 0 || again[n] || unsettled[n]) -> round(n, true); tell(beat, n); check() } \
  :: d_step { up[n] && plan_[n] != KEEP -> apply(n); tell(apply_, n); check() } \
  :: d_step { CAN(n) && (cG[n] > jG[n] || cN[n] != dN[n] || cAlw[n] != dAlw[n] || !valid[n] HEARS(n)) -> \
      reads = !valid[n]; HEAR(n); absorb(n, cG[n], cN[n], cAlw[n]); tell(say, n); check() } \
  :: d_step { pending[n] && up[n] && !booked[n] -> booked[n] = true; \
      book(n, rU[n], rG[n], rW[n], rR[n], rN[n], rWant[n]); ANSWER(n); tell(book_, n); check() } \
  :: d_step { CAN(n) && pending[n] && booked[n] -> pending[n] = false; round(n, false); tell(ack, n); check() } \
  :: d_step { CAN(n) && !PASSES(n) && act[n] != LIVELY && knocks < KNOCKS && IN_ORDER(n) -> \
      touched[n] = true; knocks++; act[n] = LIVELY; knocked[n] = true; round(n, false); tell(knock, n); check() } \
  :: d_step { CAN(n) && (act[n] == LIVELY || ((dirtyUse[n] || dirty[n]) && !due[n] && !pending[n])) -> \
      act[n] = MIN(act[n], CALM); knocked[n] = false; due[n] = true; round(n, true); tell(calm, n); check() } \
  :: d_step { CAN(n) && act[n] == CALM -> act[n] = IDLE; due[n] = true; round(n, true); tell(rest, n); check() } \
  :: d_step { valid[n] && plan_[n] == KEEP && expiries < EXPIRIES -> expiries++; valid[n] = false; \
      if :: up[n] -> act[n] = IDLE; knocked[n] = false; due[n] = true; round(n, true) :: else fi; \
      tell(expire, n); check() } \
  :: d_step { up[n] && crashes < CRASHES -> crashes++; forget(n); tell(crash, n); check() } \
  :: d_step { fresh[n] && crashes < CRASHES -> crashes++; forget(n); \
      lost[n] = lost[n] + unread[n]; unread[n] = 0; kind[n] = NOTHING; left[n] = 0; fresh[n] = false; \
      tell(power, n); check() } \
  :: d_step { !up[n] -> start(n); tell(start_, n); check() } \
  LATE_STEPS(n)

#if LATE
#define LATE_STEPS(n) \
  :: d_step { !sIs[n] -> sIs[n] = true; sG[n] = cG[n]; sN[n] = cN[n]; sAlw[n] = cAlw[n]; tell(keep, n) } \
  :: d_step { CAN(n) && sIs[n] -> sIs[n] = false; reads = !valid[n]; valid[n] = true; absorb(n, sG[n], sN[n], sAlw[n]); tell(stale, n); check() } \
  :: d_step { oIs[n] && !oBooked[n] && !booked[n] -> oBooked[n] = true; \
      book(n, oU[n], oG[n], oW[n], oR[n], oN[n], oWant[n]); tell(late, n); check() }
#else
#define LATE_STEPS(n)
#endif

#if RESTORE
#define HEARS(n) || heardTerm[n] != newTerm
#define HEAR(n) \
  if :: heardTerm[n] != newTerm -> heardTerm[n] = newTerm; dirty[n] = true; urgent[n] = true; dirtyUse[n] = jU[n] > 0 :: else fi; \
  valid[n] = valid[n] || !newTerm || answered[n]
#define ANSWER(n) if :: rTerm[n] == newTerm -> answered[n] = true :: else fi
#else
#define HEARS(n)
#define HEAR(n) valid[n] = true
#define ANSWER(n) skip
#endif

#ifdef PLANT_DIFFERENCES
byte pU[NODES];
#endif

init {
  d_step {
    for (i : 0 .. NODES - 1) { valid[i] = true; fresh[i] = true; up[i] = true; due[i] = true };
    growth = 0; renew = false;
    decide(NODES);
    for (k : 0 .. NODES - 1) {
      jG[k] = cG[k]; dAlw[k] = cAlw[k];
      if
      :: dAlw[k] && jG[k] >= 1 -> jA[k] = 1; kind[k] = ALLOWANCE; left[k] = 1
      :: else
      fi
    }
    tell(start_, 0)
  }
end:
  do
  STEPS(0)
  STEPS(1)
#if NODES > 2
  STEPS(2)
#endif
  /* The grant sweep of the controller (controller/accounting/sweep.ts). */
  :: d_step { cWant[0] || cWant[1] || cWant[NODES - 1] ->
      growth = 0; renew = false; may_decide(NODES); tell(sweep, 0); check() }
  /* Ten minutes and more without traffic, as the controller sees it. */
  :: d_step { pauses < PAUSES -> pauses++;
      for (i : 0 .. NODES - 1) { cStale[i] = true; cAsked[i] = false };
      growth = 0; renew = false; may_decide(NODES); tell(pause, 0); check() }
  /* The controller crashes; its database survives. */
  :: d_step { crashes < CRASHES -> crashes++;
      for (i : 0 .. NODES - 1) { cStale[i] = false; cAsked[i] = false };
      tell(restart, 0) }
#if RESTORE
  :: d_step { backup == NONE -> backup = MADE;
      for (i : 0 .. NODES - 1) {
        bG[i] = cG[i]; bU[i] = cU[i]; bW[i] = cW[i]; bR[i] = cR[i]; bN[i] = cN[i]; bA[i] = cA[i];
        bWant[i] = cWant[i]; bAlw[i] = cAlw[i]; bBooked[i] = booked[i]
      }
      tell(backup_, 0) }
  :: d_step { backup == MADE && crashes < CRASHES -> crashes++; backup = USED; newTerm = true;
#ifndef PLANT_GRANT_AT_ONCE
      holding = true;
#endif
      for (i : 0 .. NODES - 1) {
        cG[i] = bG[i]; cU[i] = bU[i]; cW[i] = bW[i]; cR[i] = bR[i]; cN[i] = bN[i]; cA[i] = bA[i];
        cWant[i] = bWant[i]; cAlw[i] = bAlw[i]; booked[i] = bBooked[i]; cStale[i] = false; cAsked[i] = false
      }
      tell(restore, 0); check() }
  /* The longest validity has passed: who did not answer passes nothing any more. */
  :: d_step { holding && (answered[0] || !valid[0]) && (answered[1] || !valid[1]) &&
      (answered[NODES - 1] || !valid[NODES - 1]) -> holding = false;
      for (i : 0 .. NODES - 1) {
        if
        :: !answered[i] && jG[i] > jR[i] + CLAIM(i) -> unknown = unknown + jG[i] - jR[i] - CLAIM(i)
        :: else
        fi;
        /* Nothing that is granted now may still pass elsewhere, but on an allowance without its agent. */
        assert(answered[i] || !PASSES(i) || (kind[i] == ALLOWANCE && !up[i]))
      }
      growth = 0; renew = false; decide(NODES); tell(wait, 0); check() }
#endif
  od
}
