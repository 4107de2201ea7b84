// Light or dark: the system's choice, until the person chooses here.
import { useState } from 'react'

import { popoverItemClasses } from './popover.tsx'

type Theme = 'light' | 'dark'

const storageKey = 'hallpass.theme'

/** Changes to the other colours; the system's own choice is not stored. */
interface ThemeToggleProps {
  /** Whether it is an item of a menu, on narrow screens, with words. */
  readonly isItem?: boolean
  readonly className?: string
}

export function ThemeToggle({ isItem = false, className }: ThemeToggleProps) {
  const [theme, setTheme] = useState(currentTheme)
  const other = theme === 'dark' ? 'light' : 'dark'
  return (
    <button
      type="button"
      aria-label={isItem ? undefined : `Use ${other} colours`}
      title={isItem ? undefined : `Use ${other} colours`}
      onClick={() => {
        applyTheme(other)
        setTheme(other)
      }}
      className={
        isItem
          ? `${popoverItemClasses} wide:hidden`
          : `grid size-8 place-items-center rounded-control text-muted hover:bg-sunken hover:text-ink ${className ?? ''}`
      }
    >
      {isItem && `Use ${other} colours`}
      <svg
        viewBox="0 0 16 16"
        aria-hidden="true"
        className={`size-4 fill-none stroke-current stroke-[1.4] ${isItem ? 'hidden' : ''}`}
      >
        <circle cx="8" cy="8" r="5.75" />
        <path d="M8 2.25a5.75 5.75 0 0 1 0 11.5z" className="fill-current" />
      </svg>
    </button>
  )
}

function systemTheme(): Theme {
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

function currentTheme(): Theme {
  const chosen = document.documentElement.dataset['theme']
  return chosen === 'dark' || chosen === 'light' ? chosen : systemTheme()
}

function applyTheme(theme: Theme): void {
  const isSystems = theme === systemTheme()
  if (isSystems) delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  try {
    if (isSystems) localStorage.removeItem(storageKey)
    else localStorage.setItem(storageKey, theme)
  } catch {
    // If storage is forbidden, the choice lasts as long as the page.
  }
}
