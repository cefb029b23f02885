// Twice the text, as a browser's setting does it; a style sheet made by script is not what a page's policy forbids.
(() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('html { font-size: 200% !important }')
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
})()
