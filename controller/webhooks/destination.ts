import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';

/** Where clouds hand out the credentials of their machines. */
const metadata = ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200'];

/** Networks of one's own, within which plain HTTP may do. */
const own = ['private', 'loopback', 'uniqueLocal', 'carrierGradeNat'];

/**
 * Where events may be sent. Endpoints are the operator's: machines of their own network are as good as any. Not
 * allowed is what can be no such endpoint, and what a stolen key could be used for: link-local addresses, under which
 * clouds hand out credentials, multicast, reserved ones.
 * @throws TurnpikeError `invalid`
 */
export function parseDestination(text: string): URL {
  const refuse = (why: string, remedy: string): never => {
    throw new TurnpikeError('invalid', `url: ${why}`, { field: 'url', remedy });
  };
  if (!URL.canParse(text))
    refuse(`${show(text)} is not a URL`, 'write such as https://billing.example.net/hooks');
  const url = new URL(text);
  const { protocol, username, password, hash } = url;
  if (protocol !== 'https:' && protocol !== 'http:')
    refuse('it must begin with https://', 'give an HTTPS URL');
  if (username !== '' || password !== '' || hash !== '') {
    refuse(
      'user, password and fragment have no place in it',
      'events are signed; check the signature instead',
    );
  }
  const host = hostOf(url);
  const refusal = isIP(host) === 0 ? refusalOfName(url, host) : refusalOfAddress(url, host);
  if (refusal !== undefined) refuse(refusal, 'give an https:// URL that your billing backend answers at');
  return url;
}

/** Why this address may not be sent to, as it was found for the URL's host; undefined when it may. */
export function refusalOfAddress(url: URL, address: string): string | undefined {
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  if (metadata.some((one) => ipaddr.parse(one).toString() === parsed.toString())) {
    return 'its address is where clouds hand out credentials';
  }
  if (range !== 'unicast' && !own.includes(range)) return `its address is ${range}: nothing is sent there`;
  if (url.protocol === 'http:' && !own.includes(range)) return 'http:// is for your own network only';
  return undefined;
}

/** Without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** A name is looked at again whenever it was resolved. */
function refusalOfName({ protocol }: URL, host: string): string | undefined {
  if (protocol === 'https:' || !host.includes('.')) return undefined;
  return 'http:// is for your own network only';
}
