// The state of a token in one word, with the time that belongs to it; and what can still be done with it.
import type { Token } from '@hallpass/client'

import { State } from '../ui/layout.tsx'
import { Time, useNow } from '../ui/time.tsx'
import { endsSoon } from './ends-soon.ts'

/** Whether somebody who may can replace it. */
export function canRotate({ state, successor_id, trust_policy, machine, caveats }: Token): boolean {
  return state === 'live' && [successor_id, trust_policy, machine].every((id) => id === null) && caveats !== null
}

const tones = { live: 'good', revoked: 'bad', expired: 'off' } as const

export function TokenState({ token }: { readonly token: Token }) {
  const soon = endsSoon(token, useNow())
  const { state, blocked } = token
  if (state === 'live' && blocked !== null) return <State tone="bad">Blocked</State>
  if (soon) return <State tone="busy">Ends soon</State>
  return <State tone={tones[state]}>{state.charAt(0).toUpperCase() + state.slice(1)}</State>
}

/** When it ends or has ended; in colour and in words where that is soon. */
export function TokenEnd({ token }: { readonly token: Token }) {
  const soon = endsSoon(token, useNow())
  if (token.state !== 'live') {
    return (
      <>
        <TokenState token={token} />
        <span className="block text-tiny text-muted">
          <Time at={token.revoked_at ?? token.expires_at} />
        </span>
      </>
    )
  }
  return (
    <>
      <span className={soon ? 'font-medium text-warn' : 'text-muted'}>
        <Time at={token.expires_at} />
      </span>
      {(soon || token.blocked !== null) && (
        <span className="block text-tiny text-warn">{token.blocked === null ? 'Ends soon' : 'Blocked'}</span>
      )}
    </>
  )
}
