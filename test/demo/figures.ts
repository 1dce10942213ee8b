/** What the story showed, all of it measured at the traffic's own ends but the bill. */
export interface Figures {
  readonly volumeBytes: bigint;
  /** Inner IP bytes that had arrived, both ways, when the volume stopped the traffic. */
  readonly acceptedBytes: bigint;
  /** What the customer was billed for then. */
  readonly billedBytes: bigint;
  readonly topUpBytes: bigint;
  /** What arrived after the top-up, until the traffic stopped again. */
  readonly afterTopUpBytes: bigint;
  readonly billedAfterTopUpBytes: bigint;
  /** From the end of the top-up command to the next datagram that arrived. */
  readonly flowsAgainMs: number;
  readonly nodes: readonly { readonly name: string; readonly acceptedBytes: bigint }[];
  /** Datagrams that had passed the nodes and that this machine was too busy to receive: what arrived is less then. */
  readonly lostDatagrams: number;
}

const above = (bytes: bigint, limit: bigint) => (bytes > limit ? bytes - limit : 0n);

/** Beyond what was sold: at the first stop, and after the top-up over everything. */
export function overshootBytes(figures: Figures): bigint {
  const atFirstStop = above(figures.acceptedBytes, figures.volumeBytes);
  if (atFirstStop > 0n) return atFirstStop;
  return above(figures.acceptedBytes + figures.afterTopUpBytes, figures.volumeBytes + figures.topUpBytes);
}

/** Sold, but not let through when the traffic stopped. */
export function strandedBytes({ volumeBytes, acceptedBytes }: Figures): bigint {
  return above(volumeBytes, acceptedBytes);
}

/** The promises that these figures break, one line each; none when all is well. */
export function brokenPromises(figures: Figures, flowsAgainWithinMs: number): string[] {
  const { volumeBytes, acceptedBytes, billedBytes, afterTopUpBytes, billedAfterTopUpBytes } = figures;
  const broken: string[] = [];
  const overshoot = overshootBytes(figures);
  if (overshoot > 0n) broken.push(`${overshoot} bytes more were let through than were sold`);
  if (billedBytes !== acceptedBytes) {
    broken.push(`billed ${billedBytes} bytes, but ${acceptedBytes} were accepted`);
  }
  const all = acceptedBytes + afterTopUpBytes;
  if (billedAfterTopUpBytes !== all) {
    broken.push(`after the top-up, billed ${billedAfterTopUpBytes} bytes, but ${all} were accepted`);
  }
  const stranded = strandedBytes(figures);
  if (stranded * 100n >= volumeBytes)
    broken.push(`${stranded} bytes are stranded: 1 % of the volume or more`);
  for (const { name, acceptedBytes: carried } of figures.nodes) {
    if (carried === 0n) broken.push(`${name} carried no traffic`);
  }
  if (afterTopUpBytes === 0n) broken.push('nothing flowed after the top-up');
  else if (figures.flowsAgainMs > flowsAgainWithinMs) {
    broken.push(`after the top-up it took ${Math.round(figures.flowsAgainMs)} ms until traffic flowed again`);
  }
  const { lostDatagrams } = figures;
  if (broken.length > 0 && lostDatagrams > 0) {
    broken.push(
      `${lostDatagrams} datagrams were lost after they had passed a node, as this machine was too busy to receive them: what arrived says nothing then; run it again while the machine has less to do, or with --slow`,
    );
  }
  return broken;
}

/** For `--json`. */
export function toJson(figures: Figures): string {
  const value = {
    volumeBytes: Number(figures.volumeBytes),
    acceptedBytes: Number(figures.acceptedBytes),
    billedBytes: Number(figures.billedBytes),
    overshootBytes: Number(overshootBytes(figures)),
    strandedBytes: Number(strandedBytes(figures)),
    afterTopUpBytes: Number(figures.afterTopUpBytes),
    nodes: figures.nodes.map(({ name, acceptedBytes }) => ({ name, acceptedBytes: Number(acceptedBytes) })),
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The table at the story's end. */
export function renderTable(figures: Figures): string {
  const rows: [string, bigint][] = [
    ['volume sold', figures.volumeBytes],
    ['accepted, measured at the ends of the traffic', figures.acceptedBytes],
    ...figures.nodes.map(({ name, acceptedBytes }): [string, bigint] => [`  over ${name}`, acceptedBytes]),
    ['billed', figures.billedBytes],
    ['overshoot', overshootBytes(figures)],
    ['stranded', strandedBytes(figures)],
    ['topped up', figures.topUpBytes],
    ['accepted after the top-up', figures.afterTopUpBytes],
    ['billed in all', figures.billedAfterTopUpBytes],
  ];
  return rows.map(([label, bytes]) => `  ${label.padEnd(48)}${grouped(bytes).padStart(14)} bytes`).join('\n');
}

/** 40000000 → "40,000,000". */
export const grouped = (bytes: bigint) => bytes.toLocaleString('en-US');
