"""Children, names, dates, statements and the record composed of them: values and pure rules."""
