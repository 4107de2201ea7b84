// What opens below or above a button: the browser's own popover, placed beside its button.
import { useId, useRef, type ReactNode } from 'react'
import { useLocation } from 'wouter'

interface PopoverProps {
  /** What the button shows. */
  readonly button: ReactNode
  /** The accessible name, if the content does not say it. */
  readonly label?: string
  readonly className: string
  readonly onToggle?: (isOpen: boolean) => void
  readonly children: ReactNode
}

export function Popover({ button, label, className, onToggle, children }: PopoverProps) {
  const id = useId()
  const trigger = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const [path] = useLocation()
  return (
    <>
      <button ref={trigger} type="button" popoverTarget={id} aria-label={label} className={className}>
        {button}
      </button>
      <div
        // It closes when it leads to another page.
        key={path}
        ref={panel}
        id={id}
        popover="auto"
        onBeforeToggle={(event) => {
          onToggle?.(event.newState === 'open')
          if (event.newState === 'open' && trigger.current !== null && panel.current !== null) {
            place(panel.current, trigger.current.getBoundingClientRect())
          }
        }}
        className={popoverPanelClasses}
      >
        {children}
      </div>
    </>
  )
}

const gap = 6

/** Where there is more room: below the button or above it, from its left edge or from its right one. */
export function place(panel: HTMLElement, button: DOMRect, width = '14rem'): void {
  const { clientWidth, clientHeight } = document.documentElement
  const isBelow = button.top < clientHeight / 2
  const isLeft = button.left < clientWidth / 2
  panel.style.top = isBelow ? `${button.bottom + gap}px` : 'auto'
  panel.style.bottom = isBelow ? 'auto' : `${clientHeight - button.top + gap}px`
  panel.style.left = isLeft ? `${button.left}px` : 'auto'
  panel.style.right = isLeft ? 'auto' : `${clientWidth - button.right}px`
  const room = (isLeft ? clientWidth - button.left : button.right) - gap
  panel.style.maxWidth = `${room}px`
  panel.style.minWidth = `min(${width}, ${room}px)`
}

export const popoverPanelClasses =
  'fixed inset-auto m-0 max-h-[70dvh] overflow-y-auto rounded-card border border-line bg-raised p-1.5 text-ink shadow-float'

export const popoverItemClasses =
  'flex w-full items-center gap-2 rounded-control px-2.5 py-1.5 text-left text-base text-ink hover:bg-sunken ' +
  'aria-[current]:font-medium aria-[current]:text-accent'
