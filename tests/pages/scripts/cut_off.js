// What of a page cannot be read without scrolling sideways, or not at all: the page itself, and texts in their boxes.
() => {
  const found = []
  const page = document.documentElement
  if (page.scrollWidth > window.innerWidth) found.push(`the page is ${page.scrollWidth} wide in ${window.innerWidth}`)
  for (const element of document.body.querySelectorAll('*')) {
    const box = element.getBoundingClientRect()
    const style = getComputedStyle(element)
    // What is there for screen readers alone is a pixel wide, on purpose.
    const isHidden = box.width <= 1 || box.height <= 1 || style.visibility === 'hidden' || style.position === 'fixed'
    if (isHidden || element.closest('svg, .govuk-visually-hidden, .govuk-skip-link')) continue
    const words = (element.textContent || '').trim().slice(0, 30)
    if (box.right > window.innerWidth + 1) found.push(`${element.tagName.toLowerCase()} "${words}" ends at ${box.right}`)
    // A field scrolls what is typed into it.
    const isField = element.matches('input, textarea')
    const isClipped = !isField && [style.overflowX, style.overflowY].some((one) => ['hidden', 'clip'].includes(one))
    if (isClipped && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)) {
      found.push(`${element.tagName.toLowerCase()} "${words}" is clipped`)
    }
    if (element.matches('input, select, textarea, button') && box.width < 24) found.push(`a control is ${box.width} wide`)
  }
  return found
}
