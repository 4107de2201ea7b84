// `/inspect`: takes a token apart in the browser alone. What is pasted here goes nowhere.
import { useMemo, useState } from 'react'

import { Narrow } from '../inspect/narrow.tsx'
import { readHeader, type ReadHeader, type ReadToken } from '../inspect/read-header.ts'
import { TokenCard } from '../inspect/token-card.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { controlClasses, Field } from '../ui/field.tsx'
import { Section } from '../ui/layout.tsx'
import { Notice } from '../ui/notice.tsx'
import { useNow } from '../ui/time.tsx'

export function InspectPage() {
  const [text, setText] = useState('')
  const now = Math.floor(useNow() / 1000)
  const isEmpty = text.trim() === ''
  const header = useMemo(() => (isEmpty ? undefined : readHeader(text, now)), [text, isEmpty, now])
  return (
    <>
      <PageHeader
        title="Inspect a token"
        lead="See what a token is and what it may do, or restrict it further. This happens only in your browser: the token is not sent anywhere."
      />
      <Field
        label="Token"
        hint="A token or a whole Authorization header: FlyV1 fm2_…. Separate several tokens with commas."
        error={typeof header === 'string' ? header : undefined}
      >
        {(control) => (
          <textarea
            {...control}
            rows={5}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            autoCorrect="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
            className={`${controlClasses} h-auto py-2 font-mono text-small break-all`}
          />
        )}
      </Field>
      <output className="sr-only">{typeof header === 'object' ? `${sayParts(header)}: see below.` : ''}</output>
      {header !== undefined && typeof header !== 'string' && (
        <>
          <Section title="What it is">
            <div className="flex flex-col gap-4">
              {header.damaged.map((sentence) => (
                <Notice key={sentence} tone="bad">
                  {sentence}
                </Notice>
              ))}
              {header.authTokens > 0 && (
                <Notice tone="warn">
                  {header.authTokens === 1 ? 'An auth token' : `${header.authTokens} auth tokens`}: an auth token can do
                  everything that its owner can, in every organization. It has no caveats and cannot be narrowed.
                </Notice>
              )}
              {header.tokens.map((token) => (
                <TokenCard key={token.position} token={token} title={titleOf(token)} />
              ))}
            </div>
            <p className="mt-4 text-muted">
              Only the authority that made the token can tell whether it is genuine and not revoked.
            </p>
          </Section>
          {header.tokens.some(({ isDischarge }) => !isDischarge) && (
            <Section
              title="Restrict further"
              lead="Anyone who holds a token can make a weaker one from it, without asking anyone."
            >
              <Narrow header={header} now={now} />
            </Section>
          )}
        </>
      )}
    </>
  )
}

function sayParts({ tokens, damaged, authTokens }: ReadHeader): string {
  return [...tokens.map(titleOf), ...damaged, ...(authTokens > 0 ? ['Auth token'] : [])].join(', ')
}

function titleOf({ isDischarge, location }: ReadToken): string {
  return isDischarge ? `Discharge of ${location}` : 'Permission token'
}
