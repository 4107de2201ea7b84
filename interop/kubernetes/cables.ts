// The network of a test cluster: a switch beside the control plane, and a cable from it to each node.
import { execFileSync } from 'node:child_process'

import { env, type Box } from './box.ts'
import { addressOf, controlAddress, podsOf, worldAddress } from './names.ts'

/** Lays a cable from each node to a switch beside the control plane, and tells them how they reach each other's Pods. */
export function connectBoxes(control: Box, nodes: readonly Box[]): void {
  const ip = (box: Box, line: string): void => void box.run('ip', ...line.split(' '))
  ip(control, 'link add nodes type bridge')
  ip(control, `address add ${controlAddress}/24 dev nodes`)
  ip(control, `address add ${worldAddress}/32 dev nodes`)
  ip(control, 'link set nodes up')
  for (const [index, box] of nodes.entries()) {
    const number = index + 1
    const cable = `node-${number}`
    const [enter, ...words] = control.network
    const line = `ip link add ${cable} type veth peer name eth0 netns ${box.pid}`
    execFileSync(enter, [...words, ...line.split(' ')], { env, stdio: 'inherit' })
    ip(control, `link set ${cable} master nodes up`)
    ip(box, `address add ${addressOf(number)}/24 dev eth0`)
    ip(box, 'link set eth0 up')
    ip(box, `route add default via ${controlAddress}`)
    ip(control, `route add ${podsOf(number)} via ${addressOf(number)}`)
  }
  for (const [index, box] of nodes.entries())
    for (const other of nodes.keys())
      if (other !== index) ip(box, `route add ${podsOf(other + 1)} via ${addressOf(other + 1)}`)
}
