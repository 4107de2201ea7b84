// Where to go after logging in.

/** The path that a query asks to go back to, if it leads to a page of this dashboard; else the first page. */
export function readReturnPath(search: string): string {
  const asked = new URLSearchParams(search).get('return_to') ?? '/'
  // Neither another site (`//…`, `/\…`) nor a control character that a browser would drop on the way to one.
  return /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(asked) ? asked : '/'
}

/** The login page, to come back from. */
export function loginPath(returnTo: string): string {
  return returnTo === '/' ? '/login' : `/login?return_to=${encodeURIComponent(returnTo)}`
}
