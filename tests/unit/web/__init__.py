"""The pages without a network: cookies, forms, refusals, headers and the table."""
