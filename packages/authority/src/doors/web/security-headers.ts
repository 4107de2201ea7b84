// Headers that limit what a page may do: the second line of defence, if the first one fails.

/** The Content-Security-Policy of a page (CSP Level 3, Trusted Types). */
function contentSecurityPolicy(connect: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src ${["'self'", ...connect].join(' ')}`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

const shared = {
  'x-content-type-options': 'nosniff',
  // Our pages send their Referer only to us: without Sec-Fetch-Site it identifies their requests.
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** The headers of every file. */
export function fileHeaders(secure: boolean): Readonly<Record<string, string>> {
  return secure ? { ...shared, 'strict-transport-security': 'max-age=31536000' } : shared
}

/** The headers of a page. `connect` lists other origins that it may connect to. */
export function pageHeaders(secure: boolean, connect: readonly string[] = []): Readonly<Record<string, string>> {
  return {
    ...fileHeaders(secure),
    'content-security-policy': contentSecurityPolicy(connect),
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy':
      'camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=(), ' +
      'clipboard-write=(self), publickey-credentials-create=(self), publickey-credentials-get=(self)',
    'x-frame-options': 'DENY',
  }
}
