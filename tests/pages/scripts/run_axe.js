// What axe finds wrong, by its rules' tags.
async (tags) => {
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })
  return found.violations.map((one) => ({
    id: one.id,
    help: one.help,
    nodes: one.nodes.map((node) => node.html.slice(0, 120)),
  }))
}
