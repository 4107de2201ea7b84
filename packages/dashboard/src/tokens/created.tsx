// The new token: shown once, with what it can do and how to use it.
import { useEffect, useRef, useState } from 'react'

import type { MintedToken, OrganisationDetails } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useAskBeforeLeaving } from '../ui/ask-before-leaving.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { CopyBox } from '../ui/copy.tsx'
import { Explained } from '../caveats/explained.tsx'
import { usagesOf } from './usage.ts'

interface CreatedProps {
  readonly minted: MintedToken
  readonly organisation: OrganisationDetails
  readonly onDone: () => void
}

export function Created({ minted, organisation, onDone }: CreatedProps) {
  const { client, origin } = useServices()
  const { slug, raw_slug } = organisation
  const apps = useQuery({ key: ['apps', slug], ask: () => client.listApps({ org_slug: slug }) })
  const heading = useRef<HTMLHeadingElement>(null)
  const [isCopied, setCopied] = useState(false)
  const usages = usagesOf(origin, raw_slug)
  const [way, setWay] = useState(usages[0].value)
  const usage = usages.find(({ value }) => value === way) ?? usages[0]

  useEffect(() => heading.current?.focus(), [])
  // The token is shown nowhere else: a person who leaves without it has to create another.
  useAskBeforeLeaving(!isCopied, 'This token is shown only once, and you have not copied it. Leave anyway?')

  return (
    <section aria-labelledby="created" className="rounded-card border border-accent/40">
      <div className="flex flex-col gap-4 p-5">
        <div className="flex flex-col gap-0.5">
          <h2 id="created" ref={heading} tabIndex={-1} className="text-large font-semibold outline-none wrap-anywhere">
            {minted.name} is ready
          </h2>
          <p className="text-muted">Copy it now. It is shown only once and is not stored.</p>
        </div>
        <CopyBox text={minted.token} what="token" kind="primary" onCopied={() => setCopied(true)} />
      </div>
      <div className="grid gap-x-8 gap-y-6 border-t border-line p-5 wide:grid-cols-2">
        <div className="min-w-0">
          <h3 className="mb-2 font-semibold">Access</h3>
          <Explained caveats={minted.caveats ?? []} organisation={organisation} apps={apps.data?.apps ?? []} />
        </div>
        <div className="flex min-w-0 flex-col gap-3">
          <h3 className="font-semibold">How to use it</h3>
          <Choice label="Way of using it" isLabelHidden value={way} options={usages} onChange={setWay} />
          <p className="text-muted">{usage.lead}</p>
          <CopyBox text={usage.lines} what={`lines for ${usage.label}`} keepLines={usage.lines.includes('\n')} />
        </div>
      </div>
      <div className="flex flex-wrap justify-end gap-2 rounded-b-card border-t border-line bg-side px-5 py-4">
        <LinkButton href={`/dashboard/${slug}/tokens/${minted.id}`} kind="quiet">
          Open its page
        </LinkButton>
        <Button onClick={onDone}>{isCopied ? 'Done' : 'Done, without copying'}</Button>
      </div>
    </section>
  )
}
