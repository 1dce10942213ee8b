import qrcode from 'qrcode';
import { TurnpikeError } from '../../common/errors.ts';
import { publicKeyOf } from '../../common/wireguard-key.ts';
import { type ApiClient, answerOf, inPath } from './client.ts';

/**
 * A device's wg-quick text for one node. A private key is put in here, on this machine, after a look at whether it is
 * the device's: with another one nothing would ever connect, and nothing would say why.
 */
export async function fetchClientConfig(
  api: ApiClient,
  deviceId: string,
  node: string,
  privateKey: string | undefined,
): Promise<string> {
  const { path } = inPath({ device: deviceId }).params;
  if (privateKey !== undefined) {
    const { publicKey } = await answerOf(api.GET('/v1/devices/{device}', { params: { path } }));
    if (publicKeyOf(privateKey) !== publicKey) {
      throw new TurnpikeError('invalid', `this private key is not that of device ${deviceId}`, {
        remedy: `give the right one, or make new keys with turnpike device rekey ${deviceId}`,
      });
    }
  }
  const params = { path, query: { node } };
  const text = await answerOf(api.GET('/v1/devices/{device}/config', { params, parseAs: 'text' }));
  return privateKey === undefined
    ? text
    : text.replace(/^PrivateKey = .*$/m, () => `PrivateKey = ${privateKey}`);
}

/** The text, and below it as a QR code for a phone where wanted. */
export async function renderClientConfig(config: string, asQr: boolean): Promise<string> {
  const text = config.trimEnd();
  if (!asQr) return text;
  const code = await qrcode.toString(config, { type: 'utf8', errorCorrectionLevel: 'L' });
  return `${text}\n\n${code.trimEnd()}`;
}
