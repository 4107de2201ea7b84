// The handlers for services that ask about tokens, in the terms of superfly/macaroon's client.
import { describeCaveats } from '../../operations/tokens/caveats-json.ts'
import { authenticateTokens, authoriseToken, type GenuineToken } from '../../operations/tokens/verify-tokens.ts'
import type { Handlers } from '../http/handler.ts'
import { namedAccess } from '../http/named-access.ts'

export const verifyingHandlers: Handlers<'authenticateTokens' | 'authorizeToken'> = {
  async authenticateTokens(_input, { perform }) {
    return (await perform(authenticateTokens, undefined)).map(encodeGenuineToken)
  },

  async authorizeToken({ body: { access: asked } }, { perform }) {
    const { command, mutation } = asked
    const allowed = await perform(authoriseToken, namedAccess(asked))
    return {
      access: {
        action: allowed.action,
        orgid: allowed.organisation.id,
        ...(allowed.app === undefined ? {} : { appid: allowed.app.id }),
        feature: asked.org_feature,
        app_feature: asked.app_feature,
        volume: asked.volume_id,
        machine: asked.machine_id,
        machine_feature: asked.machine_feature,
        command,
        mutation,
        sourceMachine: asked.source_machine,
        sourceAddress: asked.source_address,
        storage_object: asked.storage_object,
      },
      verified_token: encodeGenuineToken(allowed.token),
    }
  },
}

function encodeGenuineToken({ bytes, caveats }: GenuineToken) {
  return { permission_token: Buffer.from(bytes).toString('base64'), caveats: describeCaveats(caveats) }
}
