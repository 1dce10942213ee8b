/** A bug, as a change of one piece of the source, and the command that must turn red with it. */
export interface Plant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Of the simulation's classes of faults; or the test file that stands guard. */
  readonly caughtBy: { readonly themes: readonly string[] } | TestGuard;
}

export interface TestGuard {
  readonly test: string;
  readonly project?: 'unit' | 'long';
  /** In the message of the failure: what it fails with for this bug, and for no other reason. */
  readonly says: string;
}

const sim = (...themes: string[]) => ({ themes });

export const plants: readonly Plant[] = [
  {
    name: 'a log line says where a client is',
    file: 'agent/wireguard/places.ts',
    from: "    if (endpoint === '(none)') return undefined;",
    to: `    if (endpoint === '(none)') return undefined;
    process.stderr.write('seen at ' + endpoint);`,
    caughtBy: { test: 'test/scenarios/canary.long.test.ts', project: 'long', says: 'underlay of client' },
  },
  {
    name: 'a report is booked before its number is looked at',
    file: 'controller/accounting/booking.ts',
    from: "if (now !== 'new') return now;",
    to: "if (now === 'forked') return now;",
    caughtBy: sim('messages', 'partitions', 'crashes'),
  },
  {
    name: 'a report is acknowledged before it is committed',
    file: 'controller/south/report.ts',
    from: `    await booking.book(stream.identity, report, bytes);
    state.counters.reportsBooked += 1;
    await stream.send(create(ReportResponseSchema, { number: report.number }));`,
    to: `    await stream.send(create(ReportResponseSchema, { number: report.number }));
    await booking.book(stream.identity, report, bytes);
    state.counters.reportsBooked += 1;`,
    caughtBy: sim('disks', 'write points'),
  },
  {
    name: 'the agent arms the kernel before the journal knows',
    file: 'agent/reconcile/reconciler.ts',
    from: `    this.#journal(draft, changes, now);
    this.#stored.push(...batches);
`,
    to: `    if (changes) await gate.apply(memory.gate, next, validity.remainingSeconds());
    this.#journal(draft, changes, now);
    this.#stored.push(...batches);
`,
    caughtBy: sim('crashes', 'write points', 'disks'),
  },
  {
    name: 'the journal is not synced to the disk',
    file: 'agent/journal/journal.ts',
    from: 'PRAGMA synchronous=FULL',
    to: 'PRAGMA synchronous=NORMAL',
    caughtBy: sim('power loss'),
  },
  {
    name: 'a counter that is missing once is taken for gone',
    file: 'agent/reconcile/reading.ts',
    from: '    if (before.has(id)) {',
    to: '    if (!before.has(id)) {',
    caughtBy: sim('all but losses'),
  },
  {
    name: 'a grant is freed when it is recalled, before the node has reported',
    file: 'controller/ledger/plan.ts',
    from: '    this.#change(index, { recall: this.#row(index).recall + 1 });',
    to: `    const freed = this.#outstanding(index);
    this.#change(index, { recall: this.#row(index).recall + 1, released: this.#row(index).released + freed });`,
    caughtBy: sim('messages', 'crashes', 'partitions', 'disks'),
  },
  {
    name: 'grants are sized without what other nodes still hold',
    file: 'controller/ledger/row.ts',
    from: 'return volume - sumOf(rows, claimedBytes);',
    to: 'return volume - sumOf(rows, settledBytes);',
    caughtBy: sim('messages', 'crashes', 'partitions', 'disks'),
  },
  {
    name: 'totals are added up instead of compared',
    file: 'controller/accounting/device-usage.ts',
    from: 'device.upload = larger(device.upload, uploadBytes);',
    to: 'device.upload += uploadBytes;',
    caughtBy: sim('messages', 'crashes'),
  },
  {
    name: 'after a restore nodes are granted volume before all have told their totals',
    file: 'controller/accounting/decide.ts',
    from: "if (book.subscription.enforcement !== 'enforce' || awaiting) return book;",
    to: "if (book.subscription.enforcement !== 'enforce') return book;",
    caughtBy: { test: 'controller/accounting/term.test.ts', says: 'to be 262144n' },
  },
  {
    name: 'after a restore a node says only what is new',
    file: 'agent/reconcile/reports.ts',
    from: '    if (term > this.#term) this.#tellAll(draft.journalled, term);\n',
    to: '    if (term > this.#term) this.#term = term;\n',
    caughtBy: sim('restore', 'restore and crashes'),
  },
  {
    name: 'a removed device stays on the node',
    file: 'agent/reconcile/absorb.ts',
    from: '      draft.putDevice(id, undefined);\n',
    to: '',
    caughtBy: sim('messages', 'crashes', 'partitions', 'disks'),
  },
  {
    name: 'an exhausted quota is raised in place',
    file: 'agent/reconcile/targets.ts',
    from: '    if (bytes === undefined && first !== undefined) return first;',
    to: `    if (first !== undefined) {
      if (bytes !== undefined) this.#quotas.set(first, { bytes });
      return first;
    }`,
    caughtBy: { test: 'test/unit/agent/reconcile.test.ts', says: 'to be 2000000n' },
  },
  {
    name: 'a node’s report is booked on other nodes’ rows too',
    file: 'controller/accounting/booking.ts',
    from: 'if (grant.nodeId !== identity.nodeId || grant.incarnation !== identity.incarnation) return grant;',
    to: 'if (grant.incarnation !== identity.incarnation) return grant;',
    caughtBy: sim('messages', 'crashes', 'partitions'),
  },
  {
    name: 'a node that owes the answer to a recall is granted more',
    file: 'controller/ledger/plan.ts',
    from: '(this.#row(index).wanting || returning) && !this.#pending(index);',
    to: '(this.#row(index).wanting || returning);',
    caughtBy: { test: 'test/unit/model/replay.test.ts', says: 'model {"rows"' },
  },
  {
    name: 'who only connects keeps others out',
    file: 'common/crowd.ts',
    from: '    this.#end(oldest);\n    return true;',
    to: '    return false;',
    caughtBy: { test: 'test/unit/south/outsiders.test.ts', says: 'the controller cannot be reached' },
  },
];
