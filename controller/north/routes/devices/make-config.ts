import Type from 'typebox';
import { TurnpikeError } from '../../../../common/errors.ts';
import { publicKeyOf } from '../../../../common/wireguard-key.ts';
import { renderQr } from '../../../client-config/qr.ts';
import { renderWgQuick } from '../../../client-config/wg-quick.ts';
import type { Route } from '../../api.ts';
/** A POST, because a private key belongs into no URL: those are logged everywhere. */ import { pathOf } from '../../schemas/paths.ts';
import { ConfigRequest } from '../../schemas/requests.ts';

export const makeConfig: Route = (api) => {
  api.post(
    '/v1/devices/:device/config',
    {
      config: { changes: false },
      schema: {
        tags: ['devices'],
        summary: "A device's configuration for one node, as text or QR code",
        description: 'A private key that is given is put in and forgotten.',
        params: pathOf('device'),
        body: ConfigRequest,
        response: {
          200: {
            description: 'In the format that was asked for.',
            content: {
              'text/plain': { schema: Type.String() },
              'image/svg+xml': { schema: Type.String() },
            },
          },
        },
      },
    },
    async ({ params, body, catalogue }, reply) => {
      const { privateKey, format = 'wg-quick' } = body;
      const settings = await catalogue.getClientSettings(params.device, body.node);
      if (privateKey === undefined && format !== 'wg-quick') {
        throw new TurnpikeError('invalid', 'a QR code without the private key is of no use', {
          remedy: 'give privateKey',
        });
      }
      if (privateKey !== undefined && publicKeyOf(privateKey) !== settings.device.publicKey) {
        throw new TurnpikeError('invalid', 'this private key is not that of the device', {
          remedy: 'give the right one, or make new keys with rekey',
        });
      }
      const text = renderWgQuick({ ...settings, device: { ...settings.device, privateKey } });
      if (format === 'qr-svg') {
        reply.type('image/svg+xml');
        return renderQr(text, 'svg');
      }
      reply.type('text/plain; charset=utf-8');
      return format === 'qr-terminal' ? renderQr(text, 'terminal') : text;
    },
  );
};
