// A field with a list of what fits below it: the arrows choose, Enter takes (ARIA's combobox with a list box).
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'

import { holdsSecret } from '@hallpass/client/secret-text'

import { joinClasses } from '../ui/classes.ts'
import { controlClasses } from '../ui/field.tsx'

export interface Choice {
  readonly key: string
  readonly label: string
  /** Beside the label, quieter. */
  readonly note?: string
  readonly isCurrent?: boolean
  readonly onTake: () => void
}

interface ComboboxProps {
  readonly label: string
  readonly placeholder: string
  readonly typed: string
  readonly onType: (typed: string) => void
  readonly choices: readonly Choice[]
  /** Below the list: that there is nothing, or more. */
  readonly note?: string | undefined
}

export function Combobox({ label, placeholder, typed, onType, choices, note }: ComboboxProps) {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const [wanted, setWanted] = useState(0)
  const [wasSecret, setSecret] = useState(false)
  const at = Math.min(wanted, choices.length - 1)
  useEffect(() => field.current?.focus(), [])
  useEffect(() => {
    // In newer browsers it gives a promise.
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' })
  }, [at])

  /** A credential must not be sent to look for something, and does not stay on the screen. */
  function type(text: string): void {
    const isSecret = holdsSecret(text)
    setSecret(isSecret)
    setWanted(0)
    onType(isSecret ? '' : text)
  }

  function press(event: KeyboardEvent): void {
    if (event.key === 'Enter') {
      event.preventDefault()
      choices[at]?.onTake()
    }
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key]
    if (to === undefined || choices.length === 0) return
    event.preventDefault()
    setWanted((to + choices.length) % choices.length)
  }

  return (
    <div className="flex min-h-0 flex-col gap-2">
      <input
        ref={field}
        type="text"
        role="combobox"
        aria-label={label}
        aria-expanded
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={at < 0 ? undefined : `${id}-${at}`}
        placeholder={placeholder}
        maxLength={80}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={typed}
        onChange={(event) => type(event.target.value)}
        onKeyDown={press}
        className={controlClasses}
      />
      <div ref={list} id={id} role="listbox" aria-label={label} className="max-h-80 min-h-0 overflow-y-auto">
        {choices.map((choice, index) => (
          <button
            key={choice.key}
            id={`${id}-${index}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            aria-current={choice.isCurrent}
            onMouseMove={() => setWanted(index)}
            // The focus stays in the field.
            onMouseDown={(event) => event.preventDefault()}
            onClick={choice.onTake}
            className={joinClasses(
              'flex min-h-8 w-full items-center gap-3 text-left rounded-control px-2.5 py-1.5 aria-selected:bg-sunken',
              choice.isCurrent === true && 'font-medium text-accent',
            )}
          >
            <span className="min-w-0 flex-1 wrap-anywhere">{choice.label}</span>
            {choice.note !== undefined && (
              <span className="max-w-1/2 truncate font-mono text-tiny font-normal text-muted">{choice.note}</span>
            )}
          </button>
        ))}
      </div>
      <output className="block min-h-4 px-2.5 text-tiny text-muted">
        {wasSecret ? 'That looks like a token or a code: it was removed and not sent.' : note}
      </output>
    </div>
  )
}
