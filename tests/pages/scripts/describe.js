// What the rules of every page are about, as one plain value.
() => {
  const every = (selector) => [...document.querySelectorAll(selector)]
  const ours = (address) => new URL(address, document.baseURI).origin === location.origin
  // An e-mail or telephone link goes to another program, never to another site.
  const goesElsewhere = (link) => /^https?:/.test(link.href) && !ours(link.href)
  const fields = every('input:not([type=hidden]), textarea').filter(
    (one) => !['radio', 'checkbox', 'submit'].includes(one.type)
  )
  const remembered = (one) => {
    const said = one.getAttribute('autocomplete') ?? one.form?.getAttribute('autocomplete') ?? ''
    // The last three are the practitioner's own, which WCAG 1.3.5 wants named.
    const known = ['off', 'username', 'current-password', 'new-password', 'one-time-code', 'name', 'tel', 'email']
    return !known.includes(said)
  }
  return {
    address: location.pathname + location.search,
    title: document.title,
    headings: every('h1').map((one) => one.innerText.trim().replace(/\s+/g, ' ')),
    summaries: every('.govuk-error-summary').length,
    unprotected: every('form').filter((one) => !one.querySelector('input[name=csrf]')?.value).map((one) => one.action),
    got: every('form').filter((one) => one.method !== 'post').map((one) => one.action),
    links: every('a[href], area[href]').map((one) => one.href).concat(every('form').map((one) => one.action)),
    inline: every('style, script:not([src]), [style], [onclick], [onload], [onsubmit]').map((one) => one.tagName),
    remembered: fields.filter(remembered).map((one) => one.name),
    foreign: performance.getEntriesByType('resource').map((one) => one.name).filter((one) => !ours(one))
      .concat(every('a').filter(goesElsewhere).filter((one) => !one.rel.includes('noreferrer')).map((one) => one.href)),
    broken: every('a[href^="#"]').map((one) => one.hash.slice(1)).filter((id) => id && !document.getElementById(id)),
    showsChild: Boolean(document.querySelector('.cp-seen')),
    saysWho: /^Shown to \S.* on \d/.test(document.querySelector('.cp-seen p')?.innerText ?? ''),
  }
}
