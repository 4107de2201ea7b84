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
        lead="Says what a token is and what it may do, and narrows it further. All of it happens in this page: the token is sent nowhere."
      />
      <Field
        label="Token"
        hint="A token or a whole Authorization header: FlyV1 fm2_…, several with commas between."
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
                  {header.authTokens === 1 ? 'An auth token' : `${header.authTokens} auth tokens`}: it can do whatever
                  its owner can, in every organization. It says nothing about itself, and cannot be narrowed.
                </Notice>
              )}
              {header.tokens.map((token) => (
                <TokenCard key={token.position} token={token} title={titleOf(token)} />
              ))}
            </div>
            <p className="mt-4 text-muted">
              Whether it is genuine, and not revoked, only the authority that made it can say.
            </p>
          </Section>
          {header.tokens.some(({ isDischarge }) => !isDischarge) && (
            <Section
              title="Narrow it further"
              lead="Whoever holds a token can make a weaker one of it, without asking anyone."
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
