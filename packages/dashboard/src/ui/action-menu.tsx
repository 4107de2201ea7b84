// What can be done with one thing of a list: a quiet button that opens a menu.
import { useId, useRef, useState, type KeyboardEvent } from 'react'
import { Link } from 'wouter'

import { joinClasses } from './classes.ts'
import { place, popoverItemClasses, popoverPanelClasses } from './popover.tsx'

type Action =
  | { readonly label: string; readonly href: string }
  | { readonly label: string; readonly isDanger?: boolean; readonly onSelect: () => void }

interface ActionMenuProps {
  /** The accessible name of the button. */
  readonly label: string
  /** False for one that cannot be done now. */
  readonly actions: readonly (Action | false)[]
}

export function ActionMenu({ label, actions }: ActionMenuProps) {
  const id = useId()
  const trigger = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)

  /** Closed first, so that the focus is on the button, to which a dialog gives it back. */
  function choose(action: () => void): void {
    panel.current?.hidePopover()
    action()
  }

  return (
    <>
      <button
        ref={trigger}
        type="button"
        popoverTarget={id}
        aria-label={label}
        aria-haspopup="menu"
        title="Actions"
        className="inline-grid size-8 place-items-center rounded-control text-muted hover:bg-sunken hover:text-ink"
      >
        <svg viewBox="0 0 16 16" aria-hidden="true" className="size-4 fill-current">
          <circle cx="3" cy="8" r="1.3" />
          <circle cx="8" cy="8" r="1.3" />
          <circle cx="13" cy="8" r="1.3" />
        </svg>
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="menu"
        tabIndex={-1}
        aria-label={label}
        onBeforeToggle={({ newState }) => {
          if (newState === 'open' && trigger.current !== null && panel.current !== null) {
            place(panel.current, trigger.current.getBoundingClientRect(), '9rem')
          }
          setOpen(newState === 'open')
        }}
        onToggle={({ newState }) => {
          if (newState === 'open') itemsOf(panel.current)[0]?.focus()
        }}
        onKeyDown={(event) => step(event, itemsOf(panel.current))}
        className={popoverPanelClasses}
      >
        {isOpen &&
          actions
            .filter((action) => action !== false)
            .map((action) =>
              'href' in action ? (
                <Link
                  key={action.label}
                  role="menuitem"
                  tabIndex={-1}
                  href={action.href}
                  className={popoverItemClasses}
                >
                  {action.label}
                </Link>
              ) : (
                <button
                  key={action.label}
                  type="button"
                  role="menuitem"
                  tabIndex={-1}
                  onClick={() => choose(action.onSelect)}
                  className={joinClasses(popoverItemClasses, action.isDanger === true && 'text-danger!')}
                >
                  {action.label}
                </button>
              ),
            )}
      </div>
    </>
  )
}

function itemsOf(panel: HTMLElement | null): readonly HTMLElement[] {
  return [...(panel?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])]
}

/** The arrows go round; Tab leaves. */
function step(event: KeyboardEvent<HTMLElement>, items: readonly HTMLElement[]): void {
  const now = items.findIndex((item) => item === document.activeElement)
  const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 }[event.key]
  if (event.key === 'Tab') event.currentTarget.hidePopover()
  if (to === undefined) return
  event.preventDefault()
  items.at(to % items.length)?.focus()
}
