// The cookie with the auth token, which no script can read.

/** Over TLS with the prefix that no subdomain, no path and no plain connection can set (RFC 6265bis §4.1.3). */
export function cookieName(secure: boolean): string {
  return secure ? '__Host-hallpass' : 'hallpass'
}

/**
 * The value of the cookie; undefined if there is none, or more than one, because then somebody else set one beside
 * ours.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  // Browsers keep 180 for a domain. A client that sends more is no browser, and reading them would hold up others.
  const pairs = (header ?? '').split(';', mostCookies + 1)
  if (pairs.length > mostCookies) return undefined
  const values = pairs.map((pair) => pair.trim()).filter((pair) => pair.startsWith(`${name}=`))
  return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined
}

const mostCookies = 300

/** A Set-Cookie header. `maxAge` in seconds; 0 deletes the cookie. */
export function writeCookie(
  name: string,
  value: string,
  options: { readonly secure: boolean; readonly maxAge: number },
) {
  const { secure, maxAge } = options
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}
