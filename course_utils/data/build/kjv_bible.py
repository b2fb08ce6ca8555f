"""Rebuild ``kjv_bible.tsv.gz`` with the ``bible`` command of Debian's package ``bible-kjv``.

To install, on Debian 12 (as root, or with sudo; libreadline8 is needed too):

    apt-get install bible-kjv
    python kjv_bible.py kjv_bible.tsv.gz

Or without installing:

    apt-get download bible-kjv bible-kjv-text
    for package in bible-kjv*.deb; do dpkg-deb -x "$package" unpacked; done
    python kjv_bible.py kjv_bible.tsv.gz --unpacked unpacked
"""

import argparse
import gzip
import subprocess
from pathlib import Path

EVERYTHING = "Gen1:1-Rev22:21"


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild kjv_bible.tsv.gz.")
    parser.add_argument("out", type=Path, help="the .tsv.gz file to write")
    parser.add_argument("--unpacked", type=Path, help="folder with the unpacked packages")
    arguments = parser.parse_args()

    command, where = "bible", None
    if arguments.unpacked:
        command = str((arguments.unpacked / "usr/bin/bible").resolve())
        where = arguments.unpacked / "usr/lib"  # the command also looks for its text here
    result = subprocess.run(
        [command, "-f", EVERYTHING], cwd=where, check=True, capture_output=True, text=True
    )
    rows = ["reference\ttext"]
    for line in result.stdout.splitlines():
        reference, text = line.split(" ", 1)
        rows.append(f"{reference}\t{text}")
    table = "\n".join(rows) + "\n"
    arguments.out.write_bytes(gzip.compress(table.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
