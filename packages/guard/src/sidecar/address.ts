// The address of a client, as far as what says it is believed.
import type { IncomingMessage } from 'node:http'

import type { Network } from '@hallpass/macaroon'
import { isInNetwork, parseAddress, writeAddress } from '@hallpass/macaroon/internal'

/**
 * That of the connection; where it is one of a trusted proxy, the last in `X-Forwarded-For` that is none of those. Undefined where that is
 * no address.
 */
export function addressOf(request: IncomingMessage, trusted: readonly Network[]): string | undefined {
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join()
  const hops = [...forwarded.split(',').map((each) => each.trim()), request.socket.remoteAddress ?? '']
  for (const hop of hops.toReversed()) {
    const address = parseAddress(hop.replace(/%.*$/s, ''))
    if (address === undefined) return undefined
    if (!trusted.some((network) => isInNetwork(address, network))) return writeAddress(address)
  }
  // All of them are proxies: the first is the client.
  const first = parseAddress(hops[0] ?? '')
  return first && writeAddress(first)
}
