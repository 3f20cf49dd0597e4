"""Pictures of every page for students: ``./run pictures`` writes them into ``docs/pictures``.

One sheet a page and state: a row a language, in it 1280 pixels light and dark, then 360 pixels
light and dark, cut off where a page goes on for long. Somebody looks at each before it is
committed; no test compares them.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "support"))

from PIL import Image

import student_states
from axe import colours, sized
from browsers import chromium, free_port, served
from gateway_world import make_world
from student_states import Page, go

LANGUAGES = ("en", "fi", "sv")
WIDTHS = {1280: (560, 1680), 360: (240, 1100)}
"""Width of the page: width in the sheet, and the height of the page at which it is cut off."""
GAP = 12


def shot(driver: Any, width: int, limit: int) -> Image.Image:
    """The page that is open, from its top, at most so high."""
    height = min(driver.execute_script("return document.documentElement.scrollHeight"), limit)
    sized(driver, width, height)  # what sticks to the window's edge stands where it ends
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    options = {"format": "png", "clip": clip, "captureBeyondViewport": True}
    data = driver.execute_cdp_cmd("Page.captureScreenshot", options)["data"]
    return Image.open(io.BytesIO(b64decode(data))).convert("RGB")


def sheet(driver: Any, site: str, page: Page) -> Image.Image:
    """A page in each language, width and colour scheme."""
    rows = []
    for language in LANGUAGES:
        spoken = (*page.cookies, ("emrex-lang", language, "/emrex"))
        row = []
        for width, (small, limit) in WIDTHS.items():
            sized(driver, width)
            go(driver, site, replace(page, cookies=spoken))
            for scheme in ("light", "dark"):
                colours(driver, scheme)
                one = shot(driver, width, limit)
                row.append(one.resize((small, one.height * small // one.width), Image.LANCZOS))
        rows.append(row)
    width = sum(one.width + GAP for one in rows[0]) + GAP
    heights = [max(one.height for one in row) + GAP for row in rows]
    whole = Image.new("RGB", (width, sum(heights) + GAP), "#808890")
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        left = GAP
        for one in row:
            whole.paste(one, (left, top))
            left += one.width + GAP
        top += height
    return whole


def main() -> None:
    """Write the sheets, of all states or of those whose names are given."""
    parser = argparse.ArgumentParser(prog="./run pictures", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    parser.add_argument("states", nargs="*", help="only these states")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        world = make_world(
            Path(folder), public_url=f"http://127.0.0.1:{port}/emrex", http_on_loopback=True
        )
        with (
            served(world.app, "127.0.0.1", port) as site,
            chromium(Path(folder) / "profile") as driver,
        ):
            driver.execute_cdp_cmd(
                "Page.addScriptToEvaluateOnNewDocument", {"source": student_states.STAY}
            )
            for page in student_states.states(world):
                if options.states and page.name not in options.states:
                    continue
                sheet(driver, site, page).save(
                    options.out / f"{page.name}.webp", quality=55, method=6
                )
                print(page.name, flush=True)


if __name__ == "__main__":
    main()
