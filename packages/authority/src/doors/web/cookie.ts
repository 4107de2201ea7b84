// The cookie that carries an auth token, where no script can read it.

/** Over TLS with the prefix that no sub-domain, no path and no plain connection can set it with (RFC 6265bis §4.1.3). */
export function cookieName(secure: boolean): string {
  return secure ? '__Host-hallpass' : 'hallpass'
}

/** The value of the cookie; undefined where there is none, or more than one: then somebody else put one beside ours. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  // Browsers keep 180 of a domain: whoever sends more is none, and others wait while they are gone through.
  const pairs = (header ?? '').split(';', mostCookies + 1)
  if (pairs.length > mostCookies) return undefined
  const values = pairs.map((pair) => pair.trim()).filter((pair) => pair.startsWith(`${name}=`))
  return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined
}

const mostCookies = 300

/** A Set-Cookie header. `maxAge` in seconds; 0 takes the cookie away. */
export function writeCookie(
  name: string,
  value: string,
  options: { readonly secure: boolean; readonly maxAge: number },
) {
  const { secure, maxAge } = options
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}
