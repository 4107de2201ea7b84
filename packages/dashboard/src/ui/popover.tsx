// What opens below or above a button: the browser's own popover, placed beside its button.
import { useId, useRef, type ReactNode } from 'react'
import { useLocation } from 'wouter'

interface PopoverProps {
  /** What the button shows. */
  readonly button: ReactNode
  /** Where what it shows does not say it. */
  readonly label?: string
  readonly className: string
  /** Whether its end lines up with the button's end. */
  readonly alignEnd?: boolean
  readonly children: ReactNode
}

export function Popover({ button, label, className, alignEnd = false, children }: PopoverProps) {
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
        // Whoever went elsewhere by it is done with it: on another page it is another one.
        key={path}
        ref={panel}
        id={id}
        popover="auto"
        onBeforeToggle={(event) => {
          if (event.newState === 'open' && trigger.current !== null && panel.current !== null) {
            place(panel.current, trigger.current.getBoundingClientRect(), alignEnd)
          }
        }}
        className="fixed inset-auto m-0 max-h-[70dvh] max-w-[calc(100vw-1.5rem)] min-w-56 overflow-y-auto rounded-card border border-line bg-raised p-1.5 text-ink shadow-float"
      >
        {children}
      </div>
    </>
  )
}

const gap = 6

/** Where there is more room: below the button, or above it. */
function place(panel: HTMLElement, button: DOMRect, alignEnd: boolean): void {
  const { clientWidth, clientHeight } = document.documentElement
  const isBelow = button.top < clientHeight / 2
  panel.style.top = isBelow ? `${button.bottom + gap}px` : 'auto'
  panel.style.bottom = isBelow ? 'auto' : `${clientHeight - button.top + gap}px`
  panel.style.left = alignEnd ? 'auto' : `${button.left}px`
  panel.style.right = alignEnd ? `${clientWidth - button.right}px` : 'auto'
}

export const popoverItemClasses =
  'flex w-full items-center gap-2 rounded-control px-2.5 py-1.5 text-left text-base text-ink hover:bg-sunken ' +
  'aria-[current]:font-medium aria-[current]:text-accent'
