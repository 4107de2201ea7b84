// Addresses and people of a test cluster. Its networks are its own: nothing of them is seen on this machine.

/** Of the box with the control plane, which is also the router. */
export const controlAddress = '10.9.0.1'

/** An address of the same box that is in no private network (RFC 5737): what Pods see of the world. */
export const worldAddress = '203.0.113.1'

/** Of services. */
export const servicesNetwork = '10.96.0.0/16'

/** Of the node with this number, which counts from one. */
export const addressOf = (node: number): string => `10.9.0.${10 + node}`

/** Addresses of the Pods of a node. */
export const podsOf = (node: number): string => `10.244.${node}.0/24`

/** Somebody that the API server knows by a token. */
export interface Token {
  readonly user: string
  readonly groups: readonly string[]
  readonly token: string
}

/** @param authority the path of the file with the authority's certificate, or the certificate itself */
export function kubeconfigFor(server: string, authority: string, token: string): string {
  const trust = authority.startsWith('/')
    ? { 'certificate-authority': authority }
    : { 'certificate-authority-data': Buffer.from(authority).toString('base64') }
  // JSON is YAML.
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      clusters: [{ name: 'test', cluster: { server, ...trust } }],
      users: [{ name: 'test', user: { token } }],
    },
    undefined,
    2,
  )
}
