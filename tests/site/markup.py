"""Reads a page's markup and lists what breaks the house's rules of accessibility and content security."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
SHAPES = frozenset({"path", "circle", "rect", "line"})
POINTERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls")


class Markup(HTMLParser):
    """Collects faults while it is fed; ``faults()`` after ``close()``."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []
        self.ids: Counter[str] = Counter()
        self.pointers: list[tuple[str, str]] = []
        self.headings: list[int] = []
        self.fields: list[dict[str, str]] = []
        self.labelled: set[str] = set()
        self.forms: list[bool] = []
        self.words: list[str] = []
        self.landmarks: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        self._note_pointers(tag, given)
        self._check_attributes(tag, given)
        if tag in {"main", "h1", "title"} and "svg" not in self.open:
            self.landmarks[tag] += 1
        if tag[0] == "h" and tag[1:].isdecimal():
            self.headings.append(int(tag[1:]))
        if tag == "form":
            self.forms.append(given.get("method", "get").lower() != "post")
        if tag == "input" and given.get("name") == "csrfmiddlewaretoken" and self.forms:
            self.forms[-1] = True
        if tag in {"a", "button"}:
            self.words.append(given.get("aria-label", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.found.append(f"</{tag}> closes {self.open[-1:] or 'nothing'}")
            return
        self.open.pop()
        if tag in {"a", "button"} and not self.words.pop().strip():
            self.found.append(f"a <{tag}> without words")
        if tag == "form" and not self.forms.pop():
            self.found.append("a POST form without a token")

    def handle_data(self, data: str) -> None:
        if self.words:
            self.words[-1] += data
        if self.open and self.open[-1] in {"script", "style"} and data.strip():
            self.found.append(f"text inside <{self.open[-1]}>")

    def _note_pointers(self, tag: str, given: dict[str, str]) -> None:
        if "id" in given:
            self.ids[given["id"]] += 1
        for name in POINTERS:
            self.pointers += [(name, one) for one in given.get(name, "").split()]
        if tag == "label" and "for" in given:
            self.labelled.add(given["for"])
        if tag in {"input", "select", "textarea"} and given.get("type") not in {"hidden", "submit"}:
            self.fields.append({**given, "wrapped": "yes" if "label" in self.open else ""})

    def _check_attributes(self, tag: str, given: dict[str, str]) -> None:
        if "style" in given or tag == "style":
            self.found.append(f"an inline style on <{tag}>")
        self.found += [f"an inline handler {name} on <{tag}>" for name in given if name.startswith("on")]
        if tag == "img" and "alt" not in given:
            self.found.append("an <img> without alt")
        outside = given.get("src", "") or (given.get("href", "") if tag == "link" else "")
        if outside.startswith(("http:", "https:", "//")):
            self.found.append(f"<{tag}> loads {outside}")

    def faults(self) -> list[str]:
        """Everything wrong with the page."""
        found = [*self.found, *(f"<{tag}> is never closed" for tag in self.open)]
        found += [f"id {name!r} stands {count} times" for name, count in self.ids.items() if count > 1]
        found += [f"{name} points to {one!r}, which is not there" for name, one in self.pointers if one not in self.ids]
        found += [f"{self.landmarks[tag]} <{tag}>" for tag in ("main", "h1", "title") if self.landmarks[tag] != 1]
        for before, after in zip([0, *self.headings], self.headings, strict=False):
            if after > before + 1:
                found.append(f"a heading of level {after} below one of level {before}")
        for field in self.fields:
            named = field["wrapped"] or field.get("aria-label") or field.get("id", "") in self.labelled
            if not named:
                found.append(f"a field {field.get('name')!r} without a label")
        return found


def faults(page: str) -> list[str]:
    """What is wrong with a whole page of HTML."""
    markup = Markup()
    markup.feed(page)
    markup.close()
    return markup.faults()
