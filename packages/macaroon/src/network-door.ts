/** What others than this package do with networks: what they hand over is checked. */

import { badArgument, expectFields, takeBytes, takeList } from './boundary.ts'
import type { Network } from './caveat.ts'
import { arrange, formatAddress, formatNetwork, holds, isNetwork } from './network.ts'

/** The same networks in their order, without those that lie in another one of them. Throws `bad-argument`. */
export function arrangeNetworks(networks: readonly Network[]): readonly Network[] {
  return arrange(takeList(networks, 'networks', takeNetwork))
}

/** `10.0.0.0/8`, or as RFC 5952 §4 writes addresses: `2001:db8::/32`. Throws `bad-argument`. */
export function writeNetwork(network: Network): string {
  return formatNetwork(takeNetwork(network, 'network'))
}

/** `203.0.113.7`, or as RFC 5952 §4 writes it: `2001:db8::7`; `address` has 4 or 16 bytes. Throws `bad-argument`. */
export function writeAddress(address: Uint8Array): string {
  const bytes = takeBytes(address, 'address')
  if (bytes.length === 4 || bytes.length === 16) return formatAddress(bytes)
  throw badArgument('address', 'a Uint8Array of 4 or 16 bytes')
}

/** Whether the address, of 4 or 16 bytes, is in the network. Throws `bad-argument`. */
export function isInNetwork(address: Uint8Array, network: Network): boolean {
  return holds(takeNetwork(network, 'network'), takeBytes(address, 'address'))
}

function takeNetwork(value: unknown, name: string): Network {
  const { address, bits } = expectFields(value as Network, name)
  const network = { address: takeBytes(address, `${name}.address`), bits }
  if (isNetwork(network)) return network
  throw badArgument(name, 'a network')
}
