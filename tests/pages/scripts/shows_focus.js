// Whether a person sees that this element has the focus: on itself, on what is drawn for it, or on its label.
(element) => {
  const drawn = [element, element.nextElementSibling, element.labels?.[0]].filter(Boolean)
  const styles = drawn.flatMap((one) => [getComputedStyle(one), getComputedStyle(one, '::before')])
  return styles.some(
    (style) => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'
  )
}
