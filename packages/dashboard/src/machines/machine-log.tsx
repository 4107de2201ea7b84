// What a machine writes, as it comes: the page stays at the newest line until somebody scrolls up.
import { useLayoutEffect, useRef } from 'react'

import { useServices } from '../api/services.tsx'
import { Button } from '../ui/button.tsx'
import { Section } from '../ui/layout.tsx'
import { describeFailure } from '../ui/failure-words.ts'
import { Notice } from '../ui/notice.tsx'
import { useLog } from './use-log.ts'

interface MachineLogProps {
  readonly app: string
  readonly id: string
  readonly name: string
}

/** Pixels from the end that still count as the end. */
const near = 24

export function MachineLog({ app, id, name }: MachineLogProps) {
  const { client } = useServices()
  const { lines, isCut, isAsked, error, isOver, tryAgain } = useLog(client, app, id)
  const box = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  useLayoutEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  })
  return (
    <Section
      title="Log"
      lead={isCut ? 'Its newest lines, in UTC. Earlier ones are left out here.' : 'What its programs write, in UTC.'}
    >
      {error !== null && (
        <Notice tone="warn" alert className="mb-3 flex flex-wrap items-center justify-between gap-3">
          <span>{describeFailure(error)}</span>
          {isOver && (
            <Button size="small" onClick={tryAgain}>
              Try again
            </Button>
          )}
        </Notice>
      )}
      <div
        ref={box}
        // A scrolled box must be reachable by keyboard.
        tabIndex={0}
        role="group"
        aria-label={`Log of ${name}`}
        aria-busy={!isAsked}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < near
        }}
        className={`${lines.length === 0 ? 'h-24' : 'h-80'} overflow-auto rounded-control border border-line bg-sunken px-3 py-2 font-mono text-small whitespace-pre-wrap`}
      >
        {lines.map(({ number, at, isError, text }) => (
          <p key={number} className={`wrap-anywhere ${isError ? 'text-danger' : ''}`}>
            <time dateTime={at} className="mr-2 text-muted select-none">
              {at.slice(11, 19)}
            </time>
            {isError && <span className="sr-only">Error output: </span>}
            {text}
          </p>
        ))}
        {lines.length === 0 && isAsked && error === null && <p className="text-muted">Nothing yet.</p>}
      </div>
    </Section>
  )
}
