"""Rebuild ``debian_synopses.tsv.gz`` from the package lists of Debian 12 (bookworm).

To install: nothing but Python, on a Debian 12 machine of the amd64 kind. The lists are
fetched into a folder of their own, so the machine's own lists stay as they are:

    mkdir -p lists/partial
    apt-get -o Dir::State::lists="$PWD/lists" -o Acquire::Languages=en update
    python debian_synopses.py lists debian_synopses.tsv.gz

Debian goes on repairing its stable release, so a few rows come out different every time.
"""

import argparse
import gzip
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

HELPER = "/usr/lib/apt/apt-helper"  # part of apt: reads its lists, compressed or not

# Synopses of parts that only accompany another package: libraries' headers, data, manuals.
COMPANION = re.compile(
    r"runtime|documentation|headers|transitional|metapackage|translation|dummy"
    r"|(development|data|common|language) files|shared librar|debug symbols|language package"
    r"|\((development|docs?)\b",
    re.IGNORECASE,
)
SAME_START = 83  # two descriptions that share their first 83 characters count as one


def stanzas(folder: Path, pattern: str) -> Iterator[dict[str, str]]:
    """The entries of the one list whose file name fits: field name -> value."""
    [path] = folder.glob(pattern)
    text = subprocess.run([HELPER, "cat-file", str(path)], check=True, capture_output=True)
    for block in text.stdout.decode().split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.split("\n"):
            if line.startswith((" ", "\t")):
                fields[name] += "\n" + line
            elif ":" in line:
                name, value = line.split(":", 1)
                fields[name] = value.strip()
        if fields:
            yield fields


def plain(text: str) -> str:
    """The text with every run of blanks turned into one blank."""
    return " ".join(text.split())


def first_paragraph(lines: list[str]) -> str:
    """The lines up to the first " .", which is Debian's mark for an empty line."""
    marks = [position for position, line in enumerate(lines) if line.strip() == "."]
    return plain(" ".join(lines[: marks[0]] if marks else lines))


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild debian_synopses.tsv.gz.")
    parser.add_argument("lists", type=Path, help="folder with apt's lists")
    parser.add_argument("out", type=Path, help="the .tsv.gz file to write")
    arguments = parser.parse_args()

    texts = {
        (entry["Package"], entry["Description-md5"]): entry["Description-en"]
        for entry in stanzas(arguments.lists, "*_bookworm_main_i18n_Translation-en*")
    }
    rows = []
    starts = set()
    for entry in stanzas(arguments.lists, "*_bookworm_main_binary-amd64_Packages*"):
        text = texts.get((entry["Package"], entry.get("Description-md5", "")))
        if text is None:
            continue
        head, *rest = text.split("\n")
        synopsis, description = plain(head), first_paragraph(rest)
        if not (2 <= len(synopsis.split()) <= 10 and 10 <= len(description.split()) <= 80):
            continue
        if COMPANION.search(synopsis) or description[:SAME_START] in starts:
            continue
        starts.add(description[:SAME_START])
        source = entry.get("Source", entry["Package"]).split()[0]
        rows.append((source, entry["Package"], synopsis, description))

    rows = [("source", "package", "synopsis", "description"), *rows]
    table = "".join("\t".join(row) + "\n" for row in rows)
    arguments.out.write_bytes(gzip.compress(table.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
