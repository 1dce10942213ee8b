import qrcode from 'qrcode';

/** How a QR code is drawn: for web pages, or for terminals. */
export type QrFormat = 'svg' | 'terminal';

/** The code that the WireGuard apps scan: the whole wg-quick text in it. */
export function renderQr(text: string, format: QrFormat): Promise<string> {
  return qrcode.toString(text, {
    type: format === 'svg' ? 'svg' : 'utf8',
    // Level L keeps a whole configuration within what phones scan from a screen; screens do not get scratched.
    errorCorrectionLevel: 'L',
  });
}
