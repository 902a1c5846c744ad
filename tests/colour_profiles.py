"""ICC profiles of RGB colour spaces, made from their primaries; Pillow can make only sRGB's."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Triple = tuple[float, float, float]
Matrix = Sequence[Triple]

# To XYZ under D50, as profiles hold them. Source: ICC registry of Display P3 and Adobe RGB (1998).
DISPLAY_P3: Matrix = (
    (0.51512, 0.29198, 0.15710),
    (0.24120, 0.69225, 0.06657),
    (-0.00105, 0.04189, 0.78407),
)
ADOBE_RGB: Matrix = (
    (0.60974, 0.20528, 0.14919),
    (0.31111, 0.62567, 0.06322),
    (0.01947, 0.06087, 0.74457),
)
SRGB: Matrix = (
    (0.43607, 0.38515, 0.14307),
    (0.22249, 0.71687, 0.06061),
    (0.01392, 0.09708, 0.71410),
)
GAMMA = 563 / 256
"""Of Adobe RGB, and taken for all profiles here."""


def profile(matrix: Matrix, name: str) -> bytes:
    """A display profile of version 2 with one gamma for all channels."""
    text = name.encode() + b"\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz((0.9642, 1.0, 0.8249)),
        **{
            name: _xyz((matrix[0][column], matrix[1][column], matrix[2][column]))
            for column, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))
        },
        **dict.fromkeys(
            (b"rTRC", b"gTRC", b"bTRC"), b"curv\0\0\0\0" + struct.pack(">IH", 1, round(GAMMA * 256))
        ),
    }
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        table += tag + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12s4s4sIIIQI12s4s",
        start + len(data),
        bytes(4),
        0x02100000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        bytes(12),
        b"acsp",
        bytes(4),
        0,
        0,
        0,
        0,
        0,
        _fixed((0.9642, 1.0, 0.8249)),
        bytes(4),
    )
    return head.ljust(128, b"\0") + table + data


def in_srgb(colour: tuple[int, int, int], matrix: Matrix) -> tuple[int, ...]:
    """The sRGB levels of a colour whose levels are meant in the space of `matrix`."""
    linear = [(level / 255) ** GAMMA for level in colour]
    xyz = [sum(m * value for m, value in zip(row, linear, strict=True)) for row in matrix]
    inverse = _inverse(SRGB)
    return tuple(
        _encoded(sum(m * value for m, value in zip(row, xyz, strict=True))) for row in inverse
    )


def _encoded(light: float) -> int:
    """The transfer function of sRGB (IEC 61966-2-1)."""
    light = min(1.0, max(0.0, light))
    return round(
        255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)
    )


def _inverse(m: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = m
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return tuple(
        (x / determinant, y / determinant, z / determinant)
        for x, y, z in (
            (e * i - f * h, c * h - b * i, b * f - c * e),
            (f * g - d * i, a * i - c * g, c * d - a * f),
            (d * h - e * g, b * g - a * h, a * e - b * d),
        )
    )


def _xyz(values: Triple) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _fixed(values: Triple) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
