/** Import directions. Each rule says why it stands. */
module.exports = {
  forbidden: [
    {
      name: 'sides-stay-apart',
      comment: 'Agent and controller share the protocol and common/, never code: they are upgraded apart.',
      severity: 'error',
      from: { path: '^agent/' },
      to: { path: '^controller/' },
    },
    {
      name: 'controller-not-agent',
      comment: 'As above.',
      severity: 'error',
      from: { path: '^controller/' },
      to: { path: '^agent/' },
    },
    {
      name: 'common-knows-nobody',
      comment: 'What both sides need must not lean on either.',
      severity: 'error',
      from: { path: '^common/' },
      to: { path: '^(agent|controller|test)/' },
    },
    {
      name: 'product-not-test',
      comment: 'The product must run without its tests.',
      severity: 'error',
      from: { path: '^(agent|controller|common)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^test/|\\.test\\.ts$' },
    },
    {
      name: 'commands-through-one-door',
      comment:
        'Only the command runner starts processes: its errors never carry output that may hold keys or addresses.',
      severity: 'error',
      from: { path: '^(agent|controller|common)/', pathNot: '^common/command\\.ts$' },
      to: { path: 'node_modules/execa/' },
    },
    {
      name: 'no-child-process',
      comment: 'As above.',
      severity: 'error',
      from: { path: '^(agent|controller|common)/' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'ledger-is-pure',
      comment: 'The arithmetic of money decides over values: no database, no wire, no clock.',
      severity: 'error',
      from: { path: '^controller/ledger/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^(controller/ledger/|common/(errors|bytes)\\.ts$)' },
    },
    {
      name: 'calendar-is-pure',
      comment: 'When periods turn is decided over values, so that every zone and year can be tried.',
      severity: 'error',
      from: { path: '^controller/calendar/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^(controller/calendar/|common/(errors|show)\\.ts$|node_modules/temporal-)' },
    },
    {
      name: 'cli-speaks-http',
      comment: 'The CLI uses the HTTP API and nothing else of the controller.',
      severity: 'error',
      from: { path: '^controller/cli/' },
      to: { path: '^controller/(?!cli/)' },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'A circle has no first room to read.',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: '^(common|controller/cli)/gen/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
