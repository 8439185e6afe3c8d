"""Figures of a result: numbers in, marks out.

Every function here is pure and knows nothing of Django, requests or files. It returns small frozen dataclasses
with finished coordinates; the partials under ``templates/figures`` turn them into SVG and tables, so that all
text passes through the template engine's escaping.
"""
