// Shows one header after the other to an authority that has little memory, in a process of its own: attenuations of one
// token, each small on the wire and large in memory. Prints how many it has read.
import { actions, type Caveat } from '@hallpass/macaroon'

import { openAuthority, orgToken } from './open-authority.ts'
import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import { narrow } from './macaroons.ts'

const [directory = '', count = '0'] = process.argv.slice(2)
const authority = await openAuthority(directory)
const { token } = await authority.ask(authority.userHeader, mintToken, orgToken)
const caveats = Array.from({ length: 240 }, (_, n): Caveat => ({
  type: 'Apps',
  apps: new Map([[BigInt(n), actions.any]]),
}))
for (let i = 0; i < Number(count); i += 1) {
  await authority.authenticate(narrow(token.reveal(), { type: 'Action', mask: i }, ...caveats))
}
await authority.close()
console.log(count)
