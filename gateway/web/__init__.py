"""The pages for browsers: draws forms and answers, and calls the edge for everything else.

Owns nothing: what a page needs between two presses travels sealed in the browser's cookies. It never calls a service,
never lets a session's handle reach a browser in a form that could be used, and never decides who may do what.
People's browsers call it.
"""
