// Asks before the person leaves a page that shows something only once: inside the app, by Back, and by closing the tab.
import { useEffect } from 'react'

/** An event of the window before code leaves the page, for example to log out; a listener can prevent it. */
const leavingEvent = 'hallpass.leaving'

/** Whether no listener prevents leaving this page now. */
export function mayLeave(): boolean {
  return dispatchEvent(new Event(leavingEvent, { cancelable: true }))
}

/** While `isAsking`, the person is asked the question, and stays unless they say yes. */
export function useAskBeforeLeaving(isAsking: boolean, question: string): void {
  useEffect(() => {
    if (!isAsking) return undefined
    let isLeaving = false
    function ask(event: Event): void {
      if (!event.cancelable || !leadsAway(event) || isLeaving) return
      isLeaving = confirm(question)
      if (!isLeaving) {
        event.preventDefault()
        event.stopImmediatePropagation()
      }
    }
    // The browser asks in words of its own.
    const askWithTab = (event: BeforeUnloadEvent) => {
      if (!isLeaving) event.preventDefault()
    }
    addEventListener('beforeunload', askWithTab)
    addEventListener(leavingEvent, ask)
    // Browsers without it ask at links, and not at Back.
    const { navigation } = globalThis as { readonly navigation?: EventTarget }
    if (navigation === undefined) document.addEventListener('click', ask, true)
    else navigation.addEventListener('navigate', ask)
    return () => {
      removeEventListener('beforeunload', askWithTab)
      removeEventListener(leavingEvent, ask)
      document.removeEventListener('click', ask, true)
      navigation?.removeEventListener('navigate', ask)
    }
  }, [isAsking, question])
}

/** For other pages of the app; `beforeunload` handles other documents. */
function leadsAway(event: Event): boolean {
  if (event.type === leavingEvent) return true
  if ('destination' in event) {
    const { url, sameDocument } = event.destination as { readonly url: string; readonly sameDocument: boolean }
    return sameDocument && new URL(url).pathname !== location.pathname
  }
  const link = event.target instanceof Element ? event.target.closest('a') : null
  return link !== null && link.target === '' && link.pathname !== location.pathname
}
