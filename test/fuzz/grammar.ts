import { renderCreate, renderReframe } from '../../agent/gate/frame.ts';
import type { GateFrame } from '../../agent/gate/model.ts';
import { hold } from './expect.ts';

// All that may ever stand in what is given to nft, wg and ip. Written down a second time on purpose, apart from the code
// that renders it.

const address = '[0-9a-f.:]+';
const object = '[ql]_[A-Za-z0-9_]+';
const element = String.raw`${address}(?: timeout (?:\d+s)?(?:\d+ms)?)?(?: : "${object}")?`;
const scriptLine = new RegExp(
  String.raw`^(?:(?:add|delete) element inet turnpike [a-z_]+[46] \{ ${element}(?:, ${element})* \}` +
    `|delete (?:quota|limit) inet turnpike ${object}` +
    String.raw`|add quota inet turnpike ${object} \{ \d+ bytes \}` +
    String.raw`|add limit inet turnpike ${object} \{ rate over \d+ bytes/second burst \d+ bytes \})$`,
);

export function checkScript(script: string): void {
  for (const line of script.split('\n').slice(0, -1))
    hold(scriptLine.test(line), `a strange line for nft: ${line}`);
  hold(script === '' || script.endsWith('\n'), 'a script for nft ends within a line');
}

const sample: GateFrame = {
  interfaceName: 'wg0',
  range4: '10.64.0.0/16',
  range6: 'fd74:7572:6e70::/64',
  address4: '10.64.0.1',
  address6: 'fd74:7572:6e70::1',
  ipv6: true,
  mtu: 1420,
};

/** The chains are the usual ones but for addresses and numbers. */
export function checkFrame(frame: GateFrame): void {
  const like = { ...sample, ipv6: frame.ipv6 };
  const bare = (script: string) =>
    script.replace(/[0-9a-f.:]*[0-9:][0-9a-f.:]*(?:\/\d+)?/g, 'N').replaceAll('::', 'N');
  for (const render of [(one: GateFrame) => renderCreate(one, '0'), renderReframe]) {
    hold(bare(render(frame)) === bare(render(like)), 'the chains are not the usual ones');
  }
}

const key = '[A-Za-z0-9+/]{43}=';
const peer = new RegExp(
  String.raw`^(?:\[Peer\]\nPublicKey = ${key}\nPresharedKey = ${key}\nAllowedIPs = [0-9.]+/32, ${address}/128\n)*$`,
);

export function checkPeers(text: string): void {
  hold(peer.test(text), 'a strange text for wg');
}

const hex = '[0-9a-f]{64}';
const question = new RegExp(
  String.raw`^set=1\n(?:public_key=${hex}\npreshared_key=${hex}\nreplace_allowed_ips=true\nallowed_ip=[0-9.]+/32\nallowed_ip=${address}/128\n)*\n$`,
);

export function checkQuestion(text: string): void {
  hold(question.test(text), 'a strange text for wireguard-go');
}

const flags = new Set(['-4', '-6']);

export function checkCommand(argv: readonly string[]): void {
  const [program, ...words] = argv;
  if (program === 'sh') {
    hold(argv[2] === 'echo "$1" > "$2"' && argv.length === 6, 'a strange script for sh');
    hold(
      /^[012]$/.test(argv[4] ?? '') && /^\/proc\/sys\/net\/[A-Za-z0-9_/.-]+$/.test(argv[5] ?? ''),
      'a strange setting',
    );
    return;
  }
  hold(program === 'ip', `a strange program: ${program}`);
  for (const word of words) {
    hold(
      flags.has(word) || /^[A-Za-z0-9][A-Za-z0-9_.:/-]*$|^::/.test(word),
      `a strange word for ip: ${word}`,
    );
  }
}
