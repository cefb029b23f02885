"""The pages: a folder for each use case, with its view, form and template side by side."""
