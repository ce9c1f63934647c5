"""Packs a folder into a wheel, so that `pip install` of it gives the command.

usage: wheel.py FOLDER VERSION TAG DATE OUTPUT

FOLDER holds `scripts` (what goes to bin), `data` (what goes below the environment) and LICENSE and README.md. DATE is in
seconds since 1970: the same folder makes the same wheel.
"""

import base64
import hashlib
import os
import sys
import time
import zipfile

METADATA = """\
Metadata-Version: 2.1
Name: millstream
Version: {version}
Summary: A stateful stream processor in one binary
License: Apache-2.0
Requires-Python: >=3.8
Description-Content-Type: text/markdown

{readme}"""

WHEEL = """\
Wheel-Version: 1.0
Generator: millstream
Root-Is-Purelib: false
Tag: py3-none-{tag}
"""


def files_of(folder, version):
    """The files of the wheel: place, content, whether it is a program."""
    data = f"millstream-{version}.data"
    for part in ("scripts", "data"):
        top = os.path.join(folder, part)
        for directory, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(directory, name)
                place = os.path.relpath(path, folder).replace(os.sep, "/")
                with open(path, "rb") as file:
                    yield f"{data}/{place}", file.read(), os.access(path, os.X_OK)


def pack(folder, version, tag, date, output):
    info = f"millstream-{version}.dist-info"
    read = lambda name: open(os.path.join(folder, name), encoding="utf-8").read()
    files = list(files_of(folder, version))
    metadata = METADATA.format(version=version, readme=read("README.md"))
    for name, text in (("METADATA", metadata), ("WHEEL", WHEEL.format(tag=tag)), ("LICENSE", read("LICENSE"))):
        files.append((f"{info}/{name}", text.encode(), False))
    record = ""
    for place, content, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{place},sha256={digest},{len(content)}\n"
    record += f"{info}/RECORD,,\n"
    files.append((f"{info}/RECORD", record.encode(), False))
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for place, content, program in files:
            entry = zipfile.ZipInfo(place, time.gmtime(date)[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if program else 0o100644) << 16
            archive.writestr(entry, content)


if __name__ == "__main__":
    pack(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
