// Keeps the focus in the page: if the focused element is removed or disabled, the nearest heading gets it.

/** Otherwise keyboards and screen readers would start at the top of the document again. The result stops it. */
export function keepFocus(page: Document): () => void {
  let last: { readonly element: Element; readonly around: readonly Element[] } | undefined

  function remember({ target }: FocusEvent): void {
    if (target instanceof Element) last = { element: target, around: [...listAround(target)] }
  }
  function leave({ target }: FocusEvent): void {
    // Not when a click on empty space takes the focus: that is intended.
    queueMicrotask(() => {
      if (last?.element === target && canHaveFocus(last.element) && page.activeElement === page.body) last = undefined
    })
  }
  const observer = new MutationObserver(() => {
    if (last === undefined || canHaveFocus(last.element)) return
    const { element, around } = last
    last = undefined
    if (page.activeElement === page.body || page.activeElement === element) findPlace(around)?.focus()
  })
  page.addEventListener('focusin', remember)
  page.addEventListener('focusout', leave)
  observer.observe(page.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['disabled'] })
  return () => {
    page.removeEventListener('focusin', remember)
    page.removeEventListener('focusout', leave)
    observer.disconnect()
  }
}

function* listAround(element: Element): Iterable<Element> {
  for (let each = element.parentElement; each !== null; each = each.parentElement) yield each
}

function canHaveFocus(element: Element): boolean {
  return element.isConnected && !element.matches(':disabled')
}

/** The nearest heading, else the page's own part. */
function findPlace(around: readonly Element[]): HTMLElement | undefined {
  for (const each of around) {
    if (!each.isConnected) continue
    const place = each.querySelector<HTMLElement>('h1, h2, h3') ?? each.querySelector<HTMLElement>('main')
    if (place === null) continue
    if (place.tabIndex < 0) place.tabIndex = -1
    return place
  }
  return undefined
}
