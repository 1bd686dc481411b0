"""Gives numpy and torch the functions of complex numbers that wine's C library has not.

    python complex_functions.py FOLDER NAME

Libraries below FOLDER that ask for them are made to ask `xpi-ms-win-crt-math-l1-1-0.dll` instead,
a name of the same length; NAME.c and NAME.def are what that is made of.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

MATH, OURS = "api-ms-win-crt-math-l1-1-0.dll", "xpi-ms-win-crt-math-l1-1-0.dll"
TO_REAL = ("cabs", "carg", "cimag", "creal")
TO_COMPLEX = ("ccos", "ccosh", "cexp", "csin", "csinh", "ctan", "ctanh")
PAIRS = ("cpow",)
KINDS = {"": ("double", "DC"), "f": ("float", "FC")}  # long double is double there
COMPLEX = {f + end for f in (*TO_REAL, *TO_COMPLEX, *PAIRS) for end in ("", "f", "l")}

HEAD = """\
#include <complex.h>
typedef struct { float r, i; } FC;
typedef struct { double r, i; } DC;
#define IN(T, x) ({ T _Complex z; __real__ z = (x).r; __imag__ z = (x).i; z; })
#define OUT(S, T, e) ({ T _Complex z = (e); S c = { __real__ z, __imag__ z }; c; })
"""


def imports(data: bytes) -> dict[str, list[str]]:
    """The functions that a PE file takes from other libraries, by the library's name."""
    (pe,) = struct.unpack_from("<I", data, 0x3C)
    sections, size = struct.unpack_from("<H12xH", data, pe + 6)
    (table,) = struct.unpack_from("<I", data, pe + 24 + 112 + 8)
    spans = [struct.unpack_from("<4I", data, pe + 24 + size + 40 * n + 8) for n in range(sections)]

    def offset(address: int) -> int:
        for virtual, begin, raw, at in spans:
            if begin <= address < begin + max(virtual, raw):
                return address - begin + at
        raise ValueError("an address outside all sections")

    def text(at: int) -> str:
        return data[at : data.index(b"\0", at)].decode("latin-1")

    found: dict[str, list[str]] = {}
    at = offset(table) if table else 0
    while at:
        names, _, _, name, bound = struct.unpack_from("<5I", data, at)
        if not name:
            break
        functions = found.setdefault(text(offset(name)).lower(), [])
        entry = offset(names or bound)
        while (value := struct.unpack_from("<Q", data, entry)[0]) != 0:
            if not value >> 63:  # else it is a number
                functions.append(text(offset(value) + 2))
            entry += 8
        at += 20
    return found


def main(folder: Path, name: str) -> None:
    """Mend all libraries below a folder, and write what the new one is made of."""
    wanted: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".pyd", ".dll") or path.name == OURS:
            continue
        data = path.read_bytes()
        try:
            functions = imports(data)
        except (ValueError, struct.error):
            continue
        if OURS in functions:  # mended before
            wanted.update(functions[OURS])
        elif COMPLEX & set(functions.get(MATH, ())):
            wanted.update(functions[MATH])
            path.write_bytes(data.replace(MATH.encode(), OURS.encode()))
            print(f"mended {path.name}")
    source, exports = [HEAD], ["LIBRARY " + OURS, "EXPORTS"]
    for end, (real, pair) in KINDS.items():
        for f in TO_REAL:
            source.append(f"{real} x_{f}{end}({pair} a) {{ return {f}{end}(IN({real}, a)); }}")
        for f in TO_COMPLEX:
            call = f"{f}{end}(IN({real}, a))"
            source.append(f"{pair} x_{f}{end}({pair} a) {{ return OUT({pair}, {real}, {call}); }}")
        for f in PAIRS:
            call = f"{f}{end}(IN({real}, a), IN({real}, b))"
            body = f"return OUT({pair}, {real}, {call});"
            source.append(f"{pair} x_{f}{end}({pair} a, {pair} b) {{ {body} }}")
    for f in sorted(wanted):
        ours = "x_" + (f.removesuffix("l") if f in COMPLEX and f[:-1] in COMPLEX else f)
        exports.append(f"  {f}={ours if f in COMPLEX else 'ucrtbase.' + f}")
    Path(f"{name}.c").write_text("\n".join(source) + "\n", encoding="ascii")
    Path(f"{name}.def").write_text("\n".join(exports) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
