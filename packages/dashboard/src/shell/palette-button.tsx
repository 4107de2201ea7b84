// Opens the palette: by a button, and by Ctrl or ⌘ with K.
import { useEffect, useState } from 'react'

import { lazily, Part } from '../ui/part.tsx'

const Palette = lazily(() => import('./palette.tsx'), 'Palette')

export function PaletteButton({ slug }: { readonly slug: string }) {
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    function press(event: KeyboardEvent): void {
      if (event.key.toLowerCase() !== 'k' || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      // Not above a dialog, whose answer comes first.
      if (document.querySelector('dialog[open]') === null) setOpen(true)
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
  return (
    <>
      <button
        type="button"
        aria-keyshortcuts="Control+K Meta+K"
        title="Go to or do (Ctrl K)"
        onClick={() => setOpen(true)}
        className="flex size-9 shrink-0 items-center justify-center gap-2 rounded-control text-small text-muted hover:bg-sunken hover:text-ink wide:mt-2 wide:w-full wide:justify-start wide:px-2.5"
      >
        <svg viewBox="0 0 16 16" aria-hidden="true" className="size-4 fill-none stroke-current stroke-[1.5]">
          <circle cx="7" cy="7" r="4.25" />
          <path d="m10.2 10.2 3.3 3.3" strokeLinecap="round" />
        </svg>
        <span className="flex-1 text-left max-wide:sr-only">Go to or do</span>
        <kbd aria-hidden="true" className="hidden font-sans text-tiny wide:inline">
          Ctrl K
        </kbd>
      </button>
      {isOpen && (
        <Part fallback={null}>
          <Palette slug={slug} onClose={() => setOpen(false)} />
        </Part>
      )}
    </>
  )
}
