"""The sample photos and videos: `python -m sandbox.samples.make_samples [DIRECTORY]` makes them.

The files are committed beside this script, so nobody needs to run it. It is seeded and draws the
same pictures again; the encoded videos may differ in a few bytes.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random

import av
from PIL import ExifTags, Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Colour = tuple[int, int, int]
Size = tuple[int, int]

WIDTH = 1080
PORTRAIT: Size = (WIDTH, 1350)  # 4:5
SQUARE: Size = (WIDTH, WIDTH)
WIDE: Size = (WIDTH, 566)  # 1.91:1
CAROUSEL_VIDEO: Size = (704, 880)  # 4:5
REEL: Size = (720, 1280)  # 9:16

JPEG_QUALITY = 84
FRAMES_PER_SECOND = 30
AUDIO_RATE = 48_000
AAC_FRAME = 1024  # samples per AAC frame


def sky(size: Size, *stops: tuple[float, Colour]) -> Image.Image:
    """A vertical gradient through `stops`, each a height from 0 (top) to 1 and its colour."""
    height = size[1]
    column = Image.new("RGB", (1, height))
    for y in range(height):
        at = y / (height - 1)
        (low, below), (high, above) = next(pair for pair in pairwise(stops) if at <= pair[1][0])
        column.putpixel((0, y), mix(below, above, (at - low) / (high - low)))
    return column.resize(size)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour `share` of the way from one to the other; outside 0..1 it stays at the end."""
    share = min(1.0, max(0.0, share))
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def seeded(seed: int) -> Random:
    """Random numbers that are the same on every run."""
    return Random(seed)  # noqa: S311 - for grain and clouds, not for secrets


def speckle(random: Random, size: Size) -> Image.Image:
    """Grey noise, one independent value per pixel."""
    return Image.frombytes("L", size, random.randbytes(size[0] * size[1]))


def clouds(random: Random, size: Size, cells: Size, octaves: int = 5) -> Image.Image:
    """Soft grey noise: `cells` blobs across and down, then finer and fainter ones on top."""
    total = Image.new("L", size, 128)
    for octave in range(octaves):
        grid = (cells[0] * 2**octave, cells[1] * 2**octave)
        layer = speckle(random, grid).resize(size, Image.Resampling.BICUBIC)
        total = Image.blend(total, layer, 0.5 if octave == 0 else 0.5 / (octave + 1))
    return ImageOps.autocontrast(total, cutoff=1)


def levels(picture: Image.Image, low: int, high: int, top: int = 255) -> Image.Image:
    """Grey values from `low`..`high` stretched to 0..`top`, softly at both ends."""

    def level(value: float) -> float:
        share = min(1.0, max(0.0, (value - low) / (high - low)))
        return share * share * (3 - 2 * share) * top

    return picture.point([round(level(value)) for value in range(256)])


def glow(
    size: Size, centre: tuple[float, float], radius: float, strength: float = 1.0
) -> Image.Image:
    """A grey disc of light that fades to nothing at `radius`; `centre` and `radius` in pixels."""
    rim = 181  # what radial_gradient holds at the middle of each side
    falloff = [round(255 * strength * max(0, 1 - value / rim) ** 2.2) for value in range(256)]
    disc = Image.radial_gradient("L").resize((round(radius * 2),) * 2).point(falloff)
    light = Image.new("L", size)
    light.paste(disc, (round(centre[0] - radius), round(centre[1] - radius)))
    return light


def tint(picture: Image.Image, colour: Colour, mask: Image.Image) -> Image.Image:
    """Paint `colour` over the picture where the mask is white."""
    return Image.composite(Image.new("RGB", picture.size, colour), picture, mask)


def shine(picture: Image.Image, colour: Colour, light: Image.Image) -> Image.Image:
    """Add light of a colour, as a lamp does: it brightens and never darkens."""
    lit = Image.composite(
        Image.new("RGB", picture.size, colour), Image.new("RGB", picture.size), light
    )
    return ImageChops.screen(picture, lit)


def ridge(random: Random, width: int, roughness: float, detail: int, waves: float) -> list[float]:
    """A mountain line: one height per pixel column, roughly -1..1."""
    parts = [(waves * 1.9**n, random.uniform(0, math.tau), roughness**n) for n in range(detail)]
    scale = sum(amplitude for *_, amplitude in parts)
    return [
        sum(a * math.sin(math.tau * f * x / width + phase) for f, phase, a in parts) / scale
        for x in range(width)
    ]


def below(size: Size, line: Sequence[float]) -> Image.Image:
    """A mask, white under the line (`line[x]` is a height in pixels), with smooth edges."""
    scale = 2
    mask = Image.new("L", (size[0] * scale, size[1] * scale))
    points = [(x * scale, y * scale) for x, y in enumerate(line)]
    points += [(size[0] * scale, points[-1][1]), (size[0] * scale, size[1] * scale)]
    ImageDraw.Draw(mask).polygon([*points, (0, size[1] * scale)], fill=255)
    return mask.resize(size, Image.Resampling.LANCZOS)


def film(random: Random, picture: Image.Image, grain: float = 0.06) -> Image.Image:
    """A slightly darker edge and a little grain, as a camera would add."""
    edge = Image.radial_gradient("L").resize(picture.size)
    edge = edge.point([255 - round(max(0, value - 110) ** 1.5 * 0.045) for value in range(256)])
    picture = ImageChops.multiply(picture, Image.merge("RGB", (edge,) * 3))
    noise = speckle(random, picture.size).filter(ImageFilter.GaussianBlur(0.7))
    grainy = ImageChops.overlay(picture, Image.merge("RGB", (noise,) * 3))
    return Image.blend(picture, grainy, grain * 3)


def dunes() -> Image.Image:
    """Golden hour in the dunes."""
    random = seeded(11)
    width, height = PORTRAIT
    picture = sky(
        PORTRAIT,
        (0.0, (96, 132, 176)),
        (0.22, (176, 186, 198)),
        (0.40, (250, 212, 170)),
        (0.50, (255, 190, 130)),
        (1.0, (255, 170, 110)),
    )
    wisps = levels(clouds(random, PORTRAIT, (2, 9)), 120, 250, 150)
    picture = tint(picture, (255, 232, 212), wisps)
    sun = (width * 0.70, height * 0.40)
    picture = shine(picture, (255, 190, 120), glow(PORTRAIT, sun, 640, 0.9))
    picture = shine(picture, (255, 248, 226), glow(PORTRAIT, sun, 130))
    crests = [(0.16, 0.470, 0.30), (0.82, 0.505, 0.34), (0.30, 0.560, 0.55), (1.12, 0.690, 0.70)]
    for number, (across, down, spread) in enumerate([*crests, (0.10, 0.845, 0.80)]):
        picture = dune(random, picture, (width * across, height * down), width * spread, number / 4)
    return film(random, picture)


def dune(
    random: Random, picture: Image.Image, crest: tuple[float, float], spread: float, share: float
) -> Image.Image:
    """One dune: shadow on the left of its winding crest, sun on the right, ripples on both."""
    size = width, height = picture.size
    fall = 70 + 190 * share
    swell = ridge(random, width, 0.4, 3, 1.1)
    line = [
        crest[1]
        + fall * (1 - math.exp(-((abs(x - crest[0]) / spread) ** 1.15)))
        + swell[x] * 10 * min(1, abs(x - crest[0]) / 200)
        for x in range(width)
    ]
    top = crest[1] / height
    lit = mix((244, 190, 138), (238, 150, 82), share)
    dark = mix((190, 134, 112), (92, 48, 44), share)
    body = sky(
        size,
        (0.0, lit),
        (top, lit),
        (top + 0.30, mix(lit, dark, 0.65)),
        (1.01, mix(lit, dark, 0.8)),
    )
    reach = 300 + 260 * share
    curve = [
        (crest[0] + 0.30 * spread * math.sin(3.4 * t) - 0.42 * spread * t * t, crest[1] + reach * t)
        for t in (step / 60 for step in range(61))
    ]
    shade = Image.new("L", size)
    end = (curve[-1][0], height)
    ImageDraw.Draw(shade).polygon([*curve, end, (-10, height), (-10, crest[1] - 10)], fill=255)
    fade = levels(Image.linear_gradient("L").resize(size), 0, 255).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    fade = ImageChops.offset(fade, 0, round(crest[1] - height * 0.12))
    shade = ImageChops.multiply(shade.filter(ImageFilter.GaussianBlur(1 + 3 * share)), fade)
    body = tint(body, dark, shade)
    ripples = clouds(random, size, (5, 70), 3)
    body = Image.blend(
        body, ImageChops.soft_light(body, Image.merge("RGB", (ripples,) * 3)), 0.15 + 0.35 * share
    )
    return Image.composite(body, picture, below(size, line))


def water(
    random: Random,
    picture: Image.Image,
    horizon: int,
    sun: tuple[float, float, Colour],
    deep: Colour,
) -> Image.Image:
    """A sea under `horizon` that mirrors the sky; `sun` is (x, spread, colour) of its path."""
    width, height = picture.size
    depth = height - horizon
    mirror = (
        picture.crop((0, horizon - depth, width, horizon))
        if depth <= horizon
        else picture.crop((0, 0, width, horizon))
    )
    sea = ImageOps.flip(mirror).resize((width, depth)).filter(ImageFilter.GaussianBlur(14))
    shade = (
        Image.linear_gradient("L")
        .resize((width, depth))
        .point([round(30 + value * 0.66) for value in range(256)])
    )
    sea = tint(sea, deep, shade)
    swell = swells(random, (width, depth))
    sea = Image.blend(sea, ImageChops.overlay(sea, Image.merge("RGB", (swell,) * 3)), 0.55)
    x, spread, colour = sun
    path = Image.new("L", (width, depth))
    ImageDraw.Draw(path).polygon(
        [(x - spread * 0.35, 0), (x + spread * 0.35, 0), (x + spread, depth), (x - spread, depth)],
        fill=255,
    )
    path = path.filter(ImageFilter.GaussianBlur(spread * 0.28))
    sparkle = levels(swells(random, (width, depth), fine=2.4), 130, 200)
    sea = shine(sea, colour, ImageChops.multiply(path, sparkle))
    sea = shine(sea, colour, path.point([value // 6 for value in range(256)]))
    picture = picture.copy()
    picture.paste(sea, (0, horizon))
    return picture


def swells(random: Random, size: Size, fine: float = 1.0) -> Image.Image:
    """Grey waves in perspective: flat and dense at the top, broad at the bottom."""
    width, depth = size
    total = Image.new("L", size)
    top = 0
    strips = 9
    for strip in range(strips):
        bottom = depth if strip == strips - 1 else round(depth * ((strip + 1) / strips) ** 2)
        tall = max(2, bottom - top)
        rows = max(2, round(7 * fine))
        columns = max(3, round((34 - 3 * strip) * fine))
        overlap = round(tall * 0.5) if strip else 0
        noise = clouds(random, (width, tall + overlap), (columns, rows), 2)
        ramp = Image.linear_gradient("L").resize((width, max(1, overlap)))
        mask = Image.new("L", noise.size, 255)
        if overlap:
            mask.paste(ramp, (0, 0))
        total.paste(noise, (0, top - overlap), mask)
        top = bottom
    return total


def sea() -> Image.Image:
    """Sunset over an open sea."""
    random = seeded(22)
    width, height = PORTRAIT
    horizon = round(height * 0.56)
    picture = sky(
        PORTRAIT,
        (0.0, (58, 76, 138)),
        (0.20, (122, 108, 168)),
        (0.38, (238, 146, 140)),
        (0.50, (255, 190, 128)),
        (0.57, (255, 222, 160)),
        (1.0, (255, 222, 160)),
    )
    bank = levels(clouds(random, PORTRAIT, (2, 10), 6), 118, 235, 210)
    picture = tint(picture, (255, 170, 150), bank)
    shadowed = ImageChops.offset(bank, 0, 14).point([round(value * 0.55) for value in range(256)])
    picture = tint(
        picture, (104, 84, 138), ImageChops.subtract(shadowed, bank.point(lambda v: v // 2))
    )
    sun = (width * 0.42, horizon - 66.0)
    picture = shine(picture, (255, 180, 110), glow(PORTRAIT, sun, 560, 0.9))
    picture = shine(picture, (255, 250, 228), glow(PORTRAIT, sun, 150))
    picture = water(random, picture, horizon, (sun[0], 170, (255, 226, 170)), (38, 60, 112))
    return film(random, picture)


def city() -> Image.Image:
    """A skyline at the blue hour, mirrored in a harbour."""
    random = seeded(37)
    width, height = SQUARE
    shore = round(height * 0.70)
    picture = sky(
        SQUARE,
        (0.0, (14, 24, 62)),
        (0.30, (38, 58, 122)),
        (0.46, (128, 108, 172)),
        (0.58, (244, 150, 132)),
        (0.70, (255, 206, 140)),
        (1.0, (255, 198, 140)),
    )
    picture = tint(picture, (150, 124, 176), levels(clouds(random, SQUARE, (2, 12)), 130, 250, 120))
    for layer, (tone, low, high) in enumerate(
        [((168, 112, 146), 70, 230), ((92, 70, 122), 90, 380), ((22, 22, 54), 60, 330)]
    ):
        x = -20
        while x < width:
            broad = random.randint(38, 92)
            tall = round(low + (high - low) * random.random() ** 1.7)
            tower(random, picture, (x, shore - tall, x + broad, shore), tone, lit=layer * 0.17)
            x += broad + random.choice((0, 2, 8, 20 * layer))
    glowing = picture.crop((0, shore - 330, width, shore)).filter(ImageFilter.GaussianBlur(7))
    picture.paste(
        ImageChops.screen(
            picture.crop((0, shore - 330, width, shore)),
            glowing.point([round(max(0, v - 90) * 0.5) for v in range(256)] * 3),
        ),
        (0, shore - 330),
    )
    mirror = ImageOps.flip(picture.crop((0, shore - (height - shore), width, shore)))
    mirror = smear(random, mirror)
    picture.paste(tint(mirror, (12, 20, 52), Image.new("L", mirror.size, 96)), (0, shore))
    return film(random, picture)


def tower(
    random: Random, picture: Image.Image, box: tuple[int, int, int, int], tone: Colour, lit: float
) -> None:
    """Draw one building; `lit` is the share of its windows with a light on."""
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = box
    draw.rectangle((left, top, right - 1, bottom), fill=tone)
    kind = random.random()
    middle = (left + right) // 2
    if kind < 0.18 and bottom - top > 150:
        draw.polygon([(left + 8, top), (middle, top - 34), (right - 9, top)], fill=tone)
        draw.line((middle, top - 90, middle, top), fill=tone, width=3)
    elif kind < 0.45:
        draw.rectangle((left + 10, top - 16, right - 12, top), fill=tone)
    for y in range(top + 10, bottom - 8, 13):
        for x in range(left + 6, right - 9, 10):
            if random.random() < lit:
                warm = random.choice(((255, 214, 140), (255, 190, 110), (255, 236, 196)))
                draw.rectangle((x, y, x + 4, y + 6), fill=mix(tone, warm, random.uniform(0.35, 1)))


def smear(random: Random, picture: Image.Image) -> Image.Image:
    """The picture as calm water shows it: rows pushed sideways, more towards the viewer."""
    width, height = picture.size
    blurred = picture.resize((width, height // 6)).resize((width, height))
    result = blurred.copy()
    sway = ridge(random, height, 0.8, 5, 11)
    for y in range(height):
        shift = round(sway[y] * (3 + 22 * y / height))
        result.paste(ImageChops.offset(blurred.crop((0, y, width, y + 1)), shift, 0), (0, y))
    return result


def mountains() -> Image.Image:
    """Misty ridges one behind another, before sunrise."""
    random = seeded(45)
    width, height = WIDE
    picture = sky(
        WIDE,
        (0.0, (132, 168, 196)),
        (0.35, (214, 214, 210)),
        (0.55, (252, 224, 190)),
        (1.0, (250, 214, 180)),
    )
    picture = shine(picture, (255, 214, 160), glow(WIDE, (width * 0.3, height * 0.42), 420, 0.8))
    for near in range(6):
        share = near / 5
        line = [
            height * (0.40 + 0.105 * near) + value * (62 + 8 * near)
            for value in ridge(random, width, 0.5, 7, 0.8 + 0.22 * near)
        ]
        top = mix((176, 186, 202), (16, 42, 54), share)
        mist = mix((236, 218, 204), (64, 104, 112), share)
        start = max(0.0, min(line) / height)
        body = sky(
            WIDE, (0.0, top), (start + 0.02, top), (min(1.0, start + 0.42), mist), (1.01, mist)
        )
        picture = Image.composite(body, picture, below(WIDE, line))
    for _ in range(9):
        bird(picture, (random.uniform(620, 900), random.uniform(90, 190)), random.uniform(7, 13))
    return film(random, picture)


def bird(picture: Image.Image, at: tuple[float, float], span: float, lift: float = 0.5) -> None:
    """A gull far away: two wings."""
    x, y = at
    points = [(x - span, y - span * lift * 0.6), (x - span * 0.45, y - span * lift), (x, y)]
    points += [(x + span * 0.45, y - span * lift), (x + span, y - span * lift * 0.6)]
    ImageDraw.Draw(picture).line(points, fill=(52, 60, 78), width=2, joint="curve")


def lighthouse() -> Image.Image:
    """A lighthouse on its cliff at dusk."""
    random = seeded(58)
    width, height = PORTRAIT
    horizon = round(height * 0.66)
    picture = sky(
        PORTRAIT,
        (0.0, (22, 38, 84)),
        (0.28, (66, 84, 146)),
        (0.48, (172, 132, 172)),
        (0.60, (248, 172, 150)),
        (0.67, (255, 212, 164)),
        (1.0, (255, 212, 164)),
    )
    stars(random, picture, 90, round(height * 0.34))
    bank = levels(clouds(random, PORTRAIT, (2, 11), 6), 130, 240, 170)
    picture = tint(picture, (236, 150, 160), bank)
    picture = water(random, picture, horizon, (width * 0.30, 170, (255, 206, 170)), (26, 44, 92))
    lamp = (width * 0.66, height * 0.335)
    beam = Image.new("L", PORTRAIT)
    for reach, spread in ((-900, 120), (700, 90)):
        ImageDraw.Draw(beam).polygon(
            [
                lamp,
                (lamp[0] + reach, lamp[1] - spread - 70),
                (lamp[0] + reach, lamp[1] + spread - 70),
            ],
            fill=110,
        )
    beam = ImageChops.multiply(beam.filter(ImageFilter.GaussianBlur(12)), glow(PORTRAIT, lamp, 900))
    picture = shine(picture, (255, 240, 200), beam)
    picture = headland(random, picture)
    picture = house_of_light(picture, lamp)
    picture = shine(picture, (255, 226, 160), glow(PORTRAIT, lamp, 190, 0.9))
    return film(random, picture)


def headland(random: Random, picture: Image.Image) -> Image.Image:
    """The cliff: grass on top, rock that falls to the sea on the left."""
    size = width, height = picture.size
    rough = ridge(random, width, 0.75, 8, 3)
    line = [
        height * 0.640 + value * 9 + (max(0.0, width * 0.46 - x) ** 1.35) * 0.30
        for x, value in enumerate(rough)
    ]
    rock = sky(
        size, (0.0, (96, 92, 96)), (0.63, (92, 84, 92)), (0.8, (46, 42, 60)), (1.01, (22, 22, 40))
    )
    cracks = clouds(random, size, (26, 14), 5)
    rock = Image.blend(rock, ImageChops.overlay(rock, Image.merge("RGB", (cracks,) * 3)), 0.5)
    meadow = [y + 46 + 22 * math.sin(x / 130) for x, y in enumerate(line)]
    grass = sky(
        size,
        (0.0, (92, 104, 74)),
        (0.62, (104, 112, 80)),
        (0.74, (40, 56, 54)),
        (1.01, (30, 44, 48)),
    )
    blades = clouds(random, size, (120, 40), 3)
    grass = Image.blend(grass, ImageChops.overlay(grass, Image.merge("RGB", (blades,) * 3)), 0.5)
    rock = Image.composite(rock, grass, below(size, meadow).filter(ImageFilter.GaussianBlur(5)))
    return Image.composite(rock, picture, below(size, line))


def house_of_light(picture: Image.Image, lamp: tuple[float, float]) -> Image.Image:
    """The lighthouse itself, white with red bands, lit from the left."""
    scale = 2
    size = (picture.width * scale, picture.height * scale)
    x, top = lamp[0] * scale, lamp[1] * scale
    foot = picture.height * 0.655 * scale
    mask = Image.new("L", size)
    paint = Image.new("RGB", size, (242, 232, 224))
    shape, draw = ImageDraw.Draw(mask), ImageDraw.Draw(paint)
    low, high, gallery = 104.0, 66.0, top + 62
    shape.polygon(
        [(x - high, gallery), (x + high, gallery), (x + low, foot), (x - low, foot)], fill=255
    )
    for band in (0.12, 0.46, 0.80):
        y = gallery + (foot - gallery) * band
        draw.rectangle((0, y, size[0], y + (foot - gallery) * 0.17), fill=(196, 62, 58))
    for share in (0.36, 0.70):
        y = gallery + (foot - gallery) * share
        draw.rounded_rectangle((x - 11, y - 22, x + 11, y + 22), 11, fill=(255, 214, 140))
    for part, colour in (
        ((x - 88, gallery - 12, x + 88, gallery + 8), (46, 44, 60)),
        ((x - 46, top - 58, x + 46, gallery - 12), (255, 236, 184)),
        ((x - 50, top - 66, x + 50, top - 52), (46, 44, 60)),
    ):
        shape.rectangle(part, fill=255)
        draw.rectangle(part, fill=colour)
    for post in (-46, -16, 14, 42):
        draw.rectangle((x + post, top - 58, x + post + 4, gallery - 12), fill=(46, 44, 60))
    roof = [(x - 56, top - 64), (x, top - 122), (x + 56, top - 64)]
    shape.polygon(roof, fill=255)
    draw.polygon(roof, fill=(178, 52, 50))
    shape.line((x, top - 150, x, top - 118), fill=255, width=5)
    draw.rectangle((x - 3, top - 152, x + 3, top - 118), fill=(46, 44, 60))
    paint, mask = (part.resize(picture.size, Image.Resampling.LANCZOS) for part in (paint, mask))
    across = [
        round(235 - 190 * min(1, abs((column - lamp[0] + 22) / 78)) ** 1.6)
        for column in range(picture.width)
    ]
    light = Image.new("L", (picture.width, 1))
    light.putdata([max(60, value) for value in across])
    light = light.resize(picture.size)
    shaded = ImageChops.multiply(paint, Image.merge("RGB", (light,) * 3))
    shaded = Image.blend(shaded, Image.composite(paint, shaded, mask), 0.12)
    return Image.composite(
        tint(shaded, (60, 50, 100), Image.new("L", picture.size, 40)), picture, mask
    )


def stars(random: Random, picture: Image.Image, count: int, lowest: int) -> None:
    """Draw `count` stars above `lowest`, the more the higher."""
    draw = ImageDraw.Draw(picture)
    for _ in range(count):
        x, y = random.uniform(0, picture.width), lowest * random.random() ** 1.4
        size = random.choice((0.7, 0.7, 0.9, 1.0, 1.5))
        colour = mix((70, 84, 140), (255, 250, 240), random.uniform(0.2, 1.0))
        draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)


def night() -> Image.Image:
    """The Milky Way over a tent with its lamp on."""
    random = seeded(63)
    width, height = PORTRAIT
    picture = sky(
        PORTRAIT,
        (0.0, (8, 12, 34)),
        (0.45, (22, 34, 78)),
        (0.68, (64, 70, 120)),
        (0.78, (150, 110, 130)),
        (1.0, (226, 150, 120)),
    )
    band = Image.new("L", PORTRAIT)
    ImageDraw.Draw(band).line((width * 0.05, height * 0.78, width * 0.95, -40), fill=255, width=150)
    band = band.filter(ImageFilter.GaussianBlur(90))
    dust = levels(clouds(random, PORTRAIT, (5, 7), 6), 70, 215)
    picture = shine(picture, (150, 140, 200), ImageChops.multiply(band, dust))
    core = levels(clouds(random, PORTRAIT, (8, 10), 6), 130, 235)
    picture = shine(
        picture, (255, 206, 190), ImageChops.multiply(band, core).point(lambda v: v // 2)
    )
    stars(random, picture, 900, round(height * 0.74))
    for _ in range(700):
        along = random.random()
        x = width * (0.05 + 0.9 * along) + random.gauss(0, 70)
        y = height * 0.78 - (height * 0.78 + 40) * along + random.gauss(0, 70)
        size = random.choice((0.6, 0.8, 1.1))
        ImageDraw.Draw(picture).ellipse(
            (x - size, y - size, x + size, y + size), fill=(226, 222, 240)
        )
    for near, (down, colour) in enumerate(
        [(0.74, (58, 54, 88)), (0.79, (30, 30, 58)), (0.85, (12, 14, 30))]
    ):
        line = [height * down + v * (34 - 6 * near) for v in ridge(random, width, 0.45, 4, 1.3)]
        picture = Image.composite(
            Image.new("RGB", PORTRAIT, colour), picture, below(PORTRAIT, line)
        )
    return film(random, tent(picture, (width * 0.40, height * 0.875)))


def tent(picture: Image.Image, foot: tuple[float, float]) -> Image.Image:
    """A small tent, lit from inside."""
    x, y = foot
    picture = shine(picture, (255, 160, 80), glow(picture.size, (x, y - 30), 330, 0.55))
    draw = ImageDraw.Draw(picture)
    draw.polygon(
        [(x - 120, y), (x - 8, y - 132), (x + 10, y - 132), (x + 124, y)], fill=(226, 118, 52)
    )
    draw.polygon([(x - 120, y), (x - 8, y - 132), (x - 30, y)], fill=(255, 186, 96))
    draw.polygon([(x - 30, y), (x - 8, y - 132), (x + 26, y)], fill=(255, 224, 150))
    draw.line((x - 30, y, x - 8, y - 132, x + 26, y), fill=(170, 82, 40), width=3)
    return shine(picture, (255, 170, 90), glow(picture.size, (x - 20, y - 50), 150, 0.7))


def waves() -> Iterator[Image.Image]:
    """Five seconds of evening sea: water that glitters, clouds that drift, three gulls."""
    random = seeded(71)
    size = width, height = CAROUSEL_VIDEO
    horizon, drift, frames = round(height * 0.52), 160, 5 * FRAMES_PER_SECOND
    wide = (width + drift, height)
    picture = sky(
        wide,
        (0.0, (64, 96, 160)),
        (0.24, (150, 140, 190)),
        (0.42, (250, 176, 150)),
        (0.53, (255, 222, 170)),
        (1.0, (255, 222, 170)),
    )
    picture = tint(picture, (255, 206, 190), levels(clouds(random, wide, (2, 9), 4), 120, 245, 190))
    light = glow(size, (width * 0.6, horizon - 70), 380, 0.9)
    disc = glow(size, (width * 0.6, horizon - 70), 95)
    depth = height - horizon
    left, right = (swells(random, (width + 2 * drift, depth), fine=1.6) for _ in range(2))
    shade = Image.linear_gradient("L").resize((width, depth))
    shade = shade.point([round(20 + value * 0.7) for value in range(256)])
    path = Image.new("L", (width, depth))
    middle = width * 0.6
    corners = [(middle - 40, 0), (middle + 40, 0), (middle + 130, depth), (middle - 130, depth)]
    ImageDraw.Draw(path).polygon(corners, fill=255)
    path = path.filter(ImageFilter.GaussianBlur(40))
    for number in range(frames):
        at = number / frames
        shift = drift * at
        frame = picture.crop((round(shift * 0.5), 0, round(shift * 0.5) + width, height))
        frame = shine(shine(frame, (255, 190, 130), light), (255, 250, 230), disc)
        swell = Image.blend(
            left.crop((round(shift), 0, round(shift) + width, depth)),
            right.crop((round(2 * drift - shift), 0, round(2 * drift - shift) + width, depth)),
            0.5,
        )
        mirror = ImageOps.flip(frame.crop((0, horizon - depth, width, horizon)))
        sea = tint(mirror.filter(ImageFilter.BoxBlur(9)), (34, 66, 116), shade)
        sea = Image.blend(
            sea, ImageChops.overlay(sea, Image.merge("RGB", (levels(swell, 60, 195),) * 3)), 0.5
        )
        sparkle = ImageChops.multiply(path, levels(swell, 128, 180))
        frame.paste(shine(sea, (255, 232, 180), sparkle), (0, horizon))
        for gull in range(3):
            x = width * (0.12 + 0.13 * gull) + width * 0.45 * at
            y = height * (0.22 + 0.05 * gull) + 9 * math.sin(math.tau * (2 * at + gull / 3))
            bird(
                frame, (x, y), 17 - 2 * gull, 0.5 + 0.45 * math.sin(math.tau * (7 * at + gull / 3))
            )
        yield frame


def sunset() -> Iterator[Image.Image]:
    """Four seconds in which the sun goes down behind far ridges and the stars come out."""
    random = seeded(82)
    size = width, height = REEL
    frames, drift = 4 * FRAMES_PER_SECOND, 220
    day = ((120, 170, 214), (196, 206, 214), (252, 218, 168), (255, 204, 140))
    dusk = ((10, 16, 48), (36, 42, 98), (132, 84, 130), (240, 128, 96))
    bank = levels(clouds(random, (width + drift, height), (2, 13), 5), 120, 240, 200)
    ridges = []
    for near in range(4):
        heights = ridge(random, width, 0.5, 6, 0.9 + 0.3 * near)
        line = [height * (0.60 + 0.085 * near) + value * (44 + 12 * near) for value in heights]
        ridges.append((below(size, line), near / 3))
    night = Image.new("RGB", size)
    stars(random, night, 240, round(height * 0.5))
    for number in range(frames):
        at = number / (frames - 1)
        tones = [mix(one, other, at**0.8) for one, other in zip(day, dusk, strict=True)]
        frame = sky(
            size,
            (0.0, tones[0]),
            (0.3, tones[1]),
            (0.52, tones[2]),
            (0.66, tones[3]),
            (1.0, tones[3]),
        )
        left = round(drift * at)
        frame = tint(
            frame,
            mix((255, 240, 224), (176, 84, 110), at),
            bank.crop((left, 0, left + width, height)),
        )
        sun = (width * 0.46, height * (0.36 + 0.36 * at))
        frame = shine(frame, mix((255, 214, 150), (255, 110, 60), at), glow(size, sun, 520, 0.85))
        frame = shine(frame, mix((255, 252, 236), (255, 190, 120), at), glow(size, sun, 120))
        dimmed = night.point(
            [round(value * max(0.0, at - 0.55) / 0.45) for value in range(256)] * 3
        )
        frame = ImageChops.screen(frame, dimmed)
        for mask, share in ridges:
            far = mix((190, 168, 176), (92, 54, 92), at)
            close = mix((52, 74, 92), (8, 10, 26), at)
            frame.paste(mix(far, close, share), (0, 0), mask)
        yield frame


def hum(seconds: float, notes: Sequence[float]) -> Iterator[av.AudioFrame]:
    """A quiet chord that swells and fades, in frames of the size that AAC wants."""
    total = round(seconds * AUDIO_RATE) - AAC_FRAME
    for start in range(0, total, AAC_FRAME):
        values = array("f")
        for sample in range(start, min(start + AAC_FRAME, total)):
            at = sample / AUDIO_RATE
            loudness = 0.10 * math.sin(math.pi * sample / total) ** 0.7
            tremble = 1 + 0.25 * math.sin(math.tau * 0.8 * at)
            chord = sum(math.sin(math.tau * note * at) for note in notes) / len(notes)
            values.append(loudness * tremble * chord)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=len(values))
        frame.planes[0].update(values.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.time_base = AUDIO_RATE, Fraction(1, AUDIO_RATE)
        frame.pts = start + AAC_FRAME  # the encoder puts one silent frame in front
        yield frame


def encode(path: Path, size: Size, frames: Iterator[Image.Image], notes: Sequence[float]) -> None:
    """Write an MP4 as Instagram wants it: H.264, AAC, 4:2:0, index first, no edit lists."""
    options = {"movflags": "+faststart", "use_editlist": "0", "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", options=options) as file:
        video = file.add_stream("libx264", rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        # One thread: independent of the number of cores. No B-frames: no need for an edit list.
        video.options = {"crf": "26", "preset": "slow", "threads": "1", "bf": "0", "g": "60"}
        video.codec_context.flags |= av.codec.context.Flags.bitexact
        audio = file.add_stream("aac", rate=AUDIO_RATE, layout="mono", bit_rate=96_000)
        audio.codec_context.flags |= av.codec.context.Flags.bitexact
        count = 0
        for picture in frames:
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV's gap
            file.mux(video.encode(frame))
            count += 1
        file.mux(video.encode())
        for sound in hum(count / FRAMES_PER_SECOND, notes):
            file.mux(audio.encode(sound))
        file.mux(audio.encode())


def save(path: Path, picture: Image.Image, taken: str, *, turned: bool = False) -> None:
    """Write a JPEG with what a camera adds; `turned` stores it on its side, as phones do."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Postwright"
    exif[ExifTags.Base.Model] = "Sample Camera 1"
    exif[ExifTags.Base.DateTime] = taken
    exif[ExifTags.Base.Orientation] = 6 if turned else 1
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = taken
    details[ExifTags.Base.ColorSpace] = 1  # sRGB
    if turned:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    picture.save(path, quality=JPEG_QUALITY, optimize=True, exif=exif)


PHOTOS: dict[str, tuple[Callable[[], Image.Image], str]] = {
    "01-dunes.jpg": (dunes, "2026:05:09 19:42:10"),
    "02-sea.jpg": (sea, "2026:05:09 20:31:55"),
    "03-city.jpg": (city, "2026:05:02 21:14:03"),
    "04-mountains.jpg": (mountains, "2026:04:18 05:51:27"),
    "05-lighthouse.jpg": (lighthouse, "2026:05:10 20:58:41"),
    "06-night.jpg": (night, "2026:05:10 23:37:19"),
}
TURNED = "05-lighthouse.jpg"

VIDEOS: dict[str, tuple[Size, Callable[[], Iterator[Image.Image]], tuple[float, ...]]] = {
    "07-waves.mp4": (CAROUSEL_VIDEO, waves, (220.0, 277.18, 329.63)),
    "08-sunset.mp4": (REEL, sunset, (196.0, 246.94, 293.66, 440.0)),
}


def make_photo(name: str, directory: Path) -> Path:
    """Draw one photo and write it into `directory`."""
    draw, taken = PHOTOS[name]
    save(directory / name, draw(), taken, turned=name == TURNED)
    return directory / name


def make_video(name: str, directory: Path) -> Path:
    """Draw and encode one video and write it into `directory`."""
    size, frames, notes = VIDEOS[name]
    encode(directory / name, size, frames(), notes)
    return directory / name


def main() -> None:
    """Write every sample, beside this file or into the directory of the first argument."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    made = [make_photo(name, directory) for name in PHOTOS]
    made += [make_video(name, directory) for name in VIDEOS]
    for path in made:
        sys.stdout.write(f"{path}  {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
