"""A page of pictures and their captions for a browser: one file that opens without a server."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from rnnapps.metrics.captions import cider_by_picture
from rnnapps.outputs import write

if TYPE_CHECKING:
    from rnnapps.captioning.data import CaptionedPictures
    from rnnapps.captioning.predictor import CaptioningPredictor

SIDE, QUALITY = 200, 70  # of a thumbnail, pixels and JPEG: 1,000 photographs take 11 MB


@dataclass(frozen=True, eq=False)
class PageEntry:
    """A picture, what a network says of it, and what people say.

    Attributes:
        pixels: uint8 `(height, width, 3)` of any size; they are reduced to 200 on the longer side.
        where: what the page calls it, such as its file.
        caption: the network's.
        references: at least one.
        score: the higher, the better; None without one.
    """

    pixels: np.ndarray
    where: str
    caption: str
    references: tuple[str, ...]
    score: float | None


def write_captions(
    file: Path,
    captioner: "CaptioningPredictor",
    examples: "CaptionedPictures",
    captions: Sequence[str],
    figures: Mapping[str, str],
) -> None:
    """Write a page of pictures with what a network says of them: see `write_page`."""
    references = examples.captions
    entries = (
        PageEntry(picture.pixels(captioner.size), picture.where, caption, tuple(answers), score)
        for picture, caption, answers, score in zip(
            examples.pictures, captions, references, cider_by_picture(captions, references), strict=True
        )
    )
    source = captioner.config.source
    write_page(file, entries, f"Captions of {source.data}", figures, language=source.language)


def write_page(
    file: Path,
    entries: Iterable[PageEntry],
    title: str,
    figures: Mapping[str, str],
    score: str = "CIDEr",
    language: str = "en",
) -> None:
    """Write a page of pictures, the worst first, whole or not at all.

    The page holds all that it shows and loads nothing. A button puts the best first; a browser that
    runs no scripts shows the worst first.

    Args:
        file: of HTML; what stood there is replaced.
        entries: can be made one at a time, as only thumbnails are kept.
        title: of the page.
        figures: what is to be said of all pictures together, by name.
        score: the name of the pictures' score.
        language: of captions and references, as HTML names it: "en", "pt-BR".

    Raises:
        OSError: the file cannot be written.
    """
    scored = [(entry.score, _item(entry, score)) for entry in entries]
    scored.sort(key=lambda row: (row[0] is None, row[0] or 0))  # those without a score come last
    figures = {"pictures": f"{len(scored):,}", **figures}
    page = PAGE.format(
        title=escape(title),
        style=STYLE,
        figures="".join(
            f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in figures.items()
        ),
        score=escape(score),
        language=escape(language),
        items="\n".join(item for _, item in scored),
        script=SCRIPT,
    )
    write(file, page.encode())


def _item(entry: PageEntry, score: str) -> str:
    value = "" if entry.score is None else f"{entry.score:.1f}"
    return ITEM.format(
        value=value,
        thumbnail=base64.b64encode(_thumbnail(entry.pixels)).decode(),
        alternative=escape(f"{entry.where}: {entry.references[0]}"),
        caption=escape(entry.caption) or "(no words)",
        score=f"{escape(score)} {value}" if value else f"no {escape(score)}",
        where=escape(entry.where),
        references="".join(f'<li dir="auto">{escape(text)}</li>' for text in entry.references),
    )


def _thumbnail(pixels: np.ndarray) -> bytes:
    """A small JPEG."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=QUALITY, optimize=True)
    return content.getvalue()


PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<dl>{figures}</dl>
<p id="order" role="group" aria-label="order by {score}" hidden>
<button type="button" value="1" aria-pressed="true">worst first</button>
<button type="button" value="-1" aria-pressed="false">best first</button>
</p>
</header>
<main>
<ol role="list" lang="{language}">
{items}
</ol>
</main>
<script>
{script}</script>
</body>
</html>
"""

ITEM = """\
<li data-score="{value}"><article>
<img src="data:image/jpeg;base64,{thumbnail}" alt="{alternative}" decoding="async">
<div>
<h2 dir="auto">{caption}</h2>
<p lang="en"><b>{score}</b> <span>{where}</span></p>
<ul>{references}</ul>
</div>
</article></li>"""

STYLE = """\
:root {
  color-scheme: light dark;
  --page: light-dark(#f4f4f2, #16181b);
  --card: light-dark(#fff, #202327);
  --line: light-dark(#dcdcd8, #363b41);
  --text: light-dark(#1d1f21, #e6e7e8);
  --faint: light-dark(#5d6166, #a3a9b0);
  --accent: light-dark(#0b5cad, #7fb8f5);
}
* { box-sizing: border-box; margin: 0; padding: 0 }
body {
  font: 1rem/1.45 system-ui, sans-serif;
  color: var(--text);
  background: var(--page);
  max-width: 96rem;
  margin: auto;
  padding: 1.5rem clamp(.75rem, 3vw, 2.5rem);
}
h1 { font-size: 1.6rem; line-height: 1.2 }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 1rem 0 }
dt { font-size: .85rem; color: var(--faint) }
dd { font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums }
#order { margin: 1rem 0 }
button {
  font: inherit;
  color: inherit;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .4rem;
  padding: .35rem .9rem;
  cursor: pointer;
}
button[aria-pressed=true] { border-color: var(--accent); color: var(--accent); font-weight: 600 }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
ol {
  list-style: none;
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr));
  gap: 1rem;
}
article {
  display: flex;
  gap: 1rem;
  height: 100%;
  padding: 1rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .6rem;
}
img { width: 9.5rem; height: 9.5rem; object-fit: scale-down; flex: none; border-radius: .3rem }
article div { flex: 1; min-width: 0; overflow-wrap: anywhere }
h2 { font-size: 1.05rem; line-height: 1.3 }
article p { margin: .3rem 0 .5rem; font-size: .85rem; color: var(--faint) }
article b { color: var(--accent); margin-right: .6rem }
ul { padding-left: 1.1rem; font-size: .9rem; color: var(--faint) }
@media (max-width: 30rem) {
  article { flex-direction: column }
  img { width: auto; height: auto; max-width: 100%; align-self: center }
}
"""

SCRIPT = """\
const list = document.querySelector("ol"), order = document.querySelector("#order");
const scored = [...list.children].filter(item => item.dataset.score);
order.hidden = scored.length < 2;
order.onclick = ({target}) => {
  if (!target.value) return;
  scored.sort((a, b) => target.value * (a.dataset.score - b.dataset.score));
  list.prepend(...scored);
  for (const button of order.querySelectorAll("button"))
    button.setAttribute("aria-pressed", button === target);
};
"""
