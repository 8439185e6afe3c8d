"""Figures as files: SVG that stands alone, and PNG drawn from it with a font of our own."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import image

from annotations.engine.genes import Gene
from annotations.figures.bars import Row, bars, strip
from annotations.figures.chart import Chart
from annotations.figures.files import png, rasterise
from annotations.figures.files.charts import chart_sheet
from annotations.figures.files.maps import karyogram_sheet, map_sheet, track_sheet
from annotations.figures.files.sheet import ROOM, WIDTH, text_width, wrapped
from annotations.figures.files.svg import draw, style
from annotations.figures.genome import genome_map
from annotations.figures.karyogram import Karyogram, Lane
from annotations.figures.marks import IMPACTS
from annotations.figures.marks import Mark as MapMark
from annotations.figures.track import Mark, Part, overview, track

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "\x00\x08\"'><script>alert(1)</script>&\ufffe"
ROWS = [Row(impact, count, impact) for impact, count in zip(IMPACTS, (0, 10, 20, 40), strict=True)]


def impacts(label: str = "HIGH", caption: str = "") -> Chart:
    rows = [Row(label, 0, "HIGH"), *ROWS[1:]]
    return Chart("impact", "Impact", "Impact", bars(rows), caption, kind="impact", strip=strip(rows))


def parsed(svg: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 (what our own templates wrote)


def pixels(picture: bytes) -> np.ndarray[Any, np.dtype[Any]]:
    return np.asarray(image.imread(io.BytesIO(picture), format="png"))


def every_sheet(name: str) -> list[bytes]:
    gene = Gene(name=name, contig="MT", start=1_000, end=9_000, strand="+", biotype="protein_coding")
    genome = genome_map([MapMark(5_000, name, "HIGH", 0.1, True, name, name)], [gene], 16_569, reference="rCRS")
    lanes = (Lane(name, 0.0, 11.0, "500.0", 3, 100_000, (), ""),)
    line = track(name, 16_569, [Mark(5_000, "HIGH", name, "")], [9], [(gene, "")])
    blocks = overview([(name, 1_000, "")], [Part(name, 1, 100, 3, "")])
    sheets = [
        chart_sheet(impacts(name, name), name),
        map_sheet(genome, name),
        karyogram_sheet(Karyogram(lanes, 22.0, 3, 1_000), name),
        track_sheet(line, name),
        track_sheet(blocks, name),
    ]
    return [draw(sheet) for sheet in sheets]


def test_a_chart_has_its_marks_where_its_numbers_put_them() -> None:
    drawing = parsed(draw(chart_sheet(impacts(), "rCRS, 70 variants")))
    fills = [one for one in drawing.iter(f"{SVG}rect") if one.get("class") == "bar-fill"]
    pieces, rows = fills[:3], fills[3:]
    tracks = [one for one in drawing.iter(f"{SVG}rect") if one.get("class") == "bar-track"]
    room = float(tracks[0].attrib["width"])
    assert [float(one.attrib["width"]) / room for one in rows] == pytest.approx([0, 0.25, 0.5, 1], abs=0.001)
    assert [one.get("data-impact") for one in rows] == list(IMPACTS)
    # 1% of the strip is gaps: 10, 20 and 40 of 70 share the rest.
    assert [float(one.attrib["width"]) / ROOM for one in pieces] == pytest.approx(
        [0.99 * n / 70 for n in (10, 20, 40)], abs=0.001
    )
    assert [one.text for one in drawing.iter(f"{SVG}text")][:6] == [
        "Impact",
        "rCRS, 70 variants",
        "HIGH",
        "0",
        "0%",
        "MODERATE",
    ]


def test_every_file_stands_alone() -> None:
    for svg in every_sheet("chr1"):
        text = svg.decode()
        assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
        assert not re.search(r"href|url\(|@import|var\(|light-dark|<image|<use|<foreignObject", text)
        assert parsed(svg).find(f"{SVG}title") is not None


def test_hostile_names_are_text_in_every_file_and_break_no_parser() -> None:
    for svg in every_sheet(HOSTILE):
        drawing = parsed(svg)
        assert {one.tag for one in drawing.iter()} <= {
            f"{SVG}{tag}" for tag in ("svg", "title", "desc", "style", "rect", "text", "g", "path", "circle", "line")
        }
        assert not [name for one in drawing.iter() for name in one.attrib if name.startswith("on")]
        assert any("<script>alert(1)</script>&" in (one.text or "") for one in drawing.iter())
        assert pixels(png.rasterise(svg)).any()


def test_the_style_is_the_sites_own_in_its_light_colours() -> None:
    tokens = Path("static/css/tokens.css").read_text()
    high = re.search(r"--impact-high: light-dark\((#\w+), ", tokens)
    assert high is not None
    assert f'[data-impact="HIGH"] {{ fill: {high[1]}; }}' in style()


def test_a_picture_is_twice_the_drawing_and_its_text_is_drawn_with_our_font_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheet = chart_sheet(impacts(), "rCRS, 70 variants")
    svg = draw(sheet)
    with_text = pixels(png.rasterise(svg))
    assert with_text.shape[:2] == (2 * round(sheet.height), 2 * WIDTH)
    without = pixels(png.rasterise(re.sub(rb"<text[^>]*>[^<]*</text>", b"", svg)))
    changed = np.abs(with_text - without).max(axis=2) > 0.5
    assert changed[60:100, 56:200].sum() > 300  # the title: dark strokes on white
    assert changed.sum() > 3_000
    png.rasterise.cache_clear()
    monkeypatch.setattr(png, "FONTS", [])
    assert np.array_equal(pixels(png.rasterise(svg)), without)  # so no font of this machine took part
    png.rasterise.cache_clear()


def test_impacts_have_their_colours_in_the_picture() -> None:
    picture = pixels(png.rasterise(draw(chart_sheet(impacts(), ""))))
    moderate = tuple(int(style().split('[data-impact="MODERATE"] { fill: #')[1][n : n + 2], 16) for n in (0, 2, 4))
    assert tuple(round(255 * float(part)) for part in picture[2 * 103, 2 * 40][:3]) == moderate


def test_what_is_too_large_or_too_slow_is_given_up_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(png.NotDrawn, match="too large"):
        png.rasterise(b" " * (png.MOST_BYTES + 1))
    with pytest.raises(png.NotDrawn, match="could not be drawn"):
        png.rasterise(b"<svg")
    monkeypatch.setattr(png, "TIMEOUT_SECONDS", 0.001)
    with pytest.raises(png.NotDrawn, match="too long"):
        png.rasterise(draw(chart_sheet(impacts(), "slow")))


def test_only_so_many_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "PATIENCE_SECONDS", 0.01)
    for _ in range(png.MOST_AT_ONCE):
        png._turns.acquire()
    try:
        with pytest.raises(png.NotDrawn, match="Too many"):
            png.rasterise(draw(chart_sheet(impacts(), "busy")))
    finally:
        for _ in range(png.MOST_AT_ONCE):
            png._turns.release()


def test_a_child_has_limits_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = b'<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"><rect width="9" height="9"/></svg>'
    assert 4 * (30_000 * rasterise.ZOOM) ** 2 > rasterise.MEMORY_BYTES
    with pytest.raises(png.NotDrawn):
        png.rasterise(bomb)


def test_captions_are_broken_to_fit_and_end_in_dots_when_they_are_too_long() -> None:
    lines = wrapped("Alleles that a sample carries besides another. " * 40)
    assert len(lines) == 8
    assert lines[-1].endswith("…")
    assert max(text_width(line, 12) for line in lines) <= ROOM
    assert wrapped("漢" * 500)[0].endswith("…")
