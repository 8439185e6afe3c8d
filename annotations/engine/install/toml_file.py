"""A TOML file of declarations, checked key by key; a refusal names the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from annotations.engine.errors import ReferenceRefused

_TABLE = re.compile(r"\s*\[\[?\s*([\w.]+)\s*\]\]?")
_WORDS = {str: "a text in quotes", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}


class TomlFile:
    """The file's content as ``data``, and its lines for refusals."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.directory = path.parent
        try:
            self._text = path.read_text(encoding="utf-8")
            self.data: dict[str, Any] = tomllib.loads(self._text)
        except UnicodeDecodeError:
            raise ReferenceRefused(f"{self.name} is not UTF-8 text. Save it as UTF-8.") from None
        except OSError as error:
            raise ReferenceRefused(f"{self.name} cannot be read: {error.strerror or error}.") from error
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"\(at (line \d+), column \d+\)", str(error))
            place = f"{self.name}, {found[1]}" if found else f"{self.name}, at its end"
            cause = re.sub(r" \(at .*\)", "", str(error))
            raise ReferenceRefused(f"{place}: this is no TOML ({cause}). Correct the line.") from None

    def root(self) -> Table:
        """The keys before the first table."""
        return Table(self, "", 0, self.data)

    def line_of(self, header: str, ordinal: int, key: str) -> int:
        """The line of a key in the ``ordinal``-th table of this header, else of the table, else 1."""
        current, seen, best = "", -1 if header else 0, 1
        for number, line in enumerate(self._text.splitlines(), start=1):
            if found := _TABLE.match(line):
                current = found[1]
                if current == header:
                    seen += 1
                    best = number if seen == ordinal else best
            elif current == header and seen == ordinal and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return number
        return best


@dataclass(frozen=True)
class Table:
    """One table of the file: its header, which of that header it is, and its values."""

    file: TomlFile
    header: str
    ordinal: int
    values: Mapping[str, Any]

    def refused(self, key: str, cause: str, fix: str) -> ReferenceRefused:
        """The refusal for a key, with its line."""
        return ReferenceRefused(
            f"{self.file.name}, line {self.file.line_of(self.header, self.ordinal, key)}: {cause}. {fix}."
        )

    def only(self, known: Iterable[str]) -> None:
        """Refuse a key that is none of these."""
        names = sorted(known)
        for key in self.values:
            if key not in names:
                near = get_close_matches(key, names, 1)
                where = f"of [{self.header}]" if self.header else "here"
                fix = f"Write {near[0]}" if near else f"There is: {', '.join(names)}"
                raise self.refused(key, f"{key} is no key {where}", fix)

    def get(self, key: str, kind: type, default: Any = None) -> Any:
        """The value of a key, held against its type; refused when it is missing and there is no default."""
        value = self.values.get(key, default)
        if value is None:
            raise self.refused(
                key, f"{key} is missing in [{self.header}]" if self.header else f"{key} is missing", "Add it"
            )
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.refused(key, f"{key} is not {_WORDS[kind]}", "Correct it")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text on one line."""
        value = str(self.get(key, str, default))
        return " ".join(value.split())

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when the key is missing."""
        values = self.get(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.refused(key, f"{key} is not a list of texts in quotes", "Correct it")
        return tuple(values)

    def one_of(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        """A text out of these."""
        value = self.text(key, default)
        if value not in known and value != default:
            raise self.refused(key, f"{value!r} is no {key}", f"Write one of {', '.join(known)}")
        return value

    def mapping(self, key: str) -> dict[str, str]:
        """A table of texts, whole numbers taken as texts; empty when the key is missing."""
        values = self.get(key, dict, {})
        if not all(isinstance(value, str | int) and not isinstance(value, bool) for value in values.values()):
            raise self.refused(key, f"{key} is not a table of texts", "Correct it")
        return {name: str(value) for name, value in values.items()}

    def tables(self, key: str, before: int = 0) -> list[Table]:
        """The tables ``[[key]]``; ``before`` is how many of them stand in earlier parts of the file."""
        values = self.get(key, list, [])
        if not all(isinstance(value, dict) for value in values):
            raise self.refused(key, f"{key} is not a list of tables", f"Write [[{self._below(key)}]] above each")
        return [Table(self.file, self._below(key), before + at, value) for at, value in enumerate(values)]

    def table(self, key: str) -> Table:
        """The table ``[key]``, empty when it is missing."""
        return Table(self.file, self._below(key), 0, self.get(key, dict, {}))

    def _below(self, key: str) -> str:
        return f"{self.header}.{key}" if self.header else key
