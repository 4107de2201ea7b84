// Every variable of the environment that commands read: help and README's table are made from this list.

export const clientVariables: readonly (readonly [name: string, what: string])[] = [
  ['HALLPASS_API_TOKEN', 'Token to use instead of the login'],
  ['HALLPASS_API_TOKEN_FILE', 'File that holds this token'],
  ['FLY_ACCESS_TOKEN', "The same for flyctl: used where HALLPASS_API_URL or flyctl's variable names the authority"],
  ['FLY_API_TOKEN', 'The same'],
  ['HALLPASS_API_URL', 'Address of the authority'],
  ['FLY_API_BASE_URL', 'The same for flyctl'],
  ['FLY_ORG', 'Slug of the organization'],
  ['FLY_APP', 'Name of the app'],
  ['HALLPASS_VERIFIER', 'Credential of a verifier, for `hallpass guard`'],
  ['HALLPASS_VERIFIER_FILE', 'File that holds this credential'],
  ['HALLPASS_CONFIG_DIR', 'Directory that keeps the login'],
  ['HALLPASS_FLYCTL', 'Program to run as flyctl'],
  ['HALLPASS_DEBUG', '1 shows where in the program an error arose'],
]

/** A line for each, in two columns. */
export function describeClientVariables(): string {
  const width = Math.max(...clientVariables.map(([name]) => name.length))
  return clientVariables.map(([name, what]) => `  ${name.padEnd(width)}  ${what}`).join('\n')
}
