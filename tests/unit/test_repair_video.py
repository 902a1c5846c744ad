"""Films are made fit for Instagram: judged by decoding every frame of the result."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from postwright.preflight import look_at_file
from postwright.preflight.films import VideoFacts
from postwright.repair import Repaired, repair_files
from postwright.repair_frame import Style
from sandbox.instagram import media_judge
from tests.corpus.boxes import with_edits
from tests.media import film

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 40), (30, 40, 210), (255, 255, 255)


def repaired(source: Path, style: Style | None = None) -> Repaired:
    [done] = repair_files([source], source.parent / "out", style or Style())
    return done


def result_of(done: Repaired, *, use: media_judge.Use = media_judge.REEL) -> Path:
    """The result, of which the simulated Instagram has decoded every frame."""
    assert done.target is not None, done.why
    media_judge.judge_video(done.target, done.target.with_suffix(".png"), use, all_frames=True)
    return done.target


def facts_of(path: Path) -> VideoFacts:
    seen = look_at_file(path)
    assert seen is not None
    assert isinstance(seen.facts, VideoFacts)
    return seen.facts


def shot(
    path: Path,
    *,
    size: tuple[int, int] = (160, 90),
    times: Iterator[int] | None = None,
    x264: str = "",
) -> Path:
    """Four seconds, red above and blue below; `times` are of the frames, in thousandths."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (0, size[1] // 2, *size))
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"x264-params": x264})
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = Fraction(1, 1000)
        for at in times or range(0, 4000, 40):
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return path


def rotate(path: Path, matrix: tuple[int, ...]) -> Path:
    """Set what a player is to do with the picture, in the header of the only track."""
    data = path.read_bytes()
    at = data.index(b"tkhd") + 4 + 40
    whole = 0x10000
    a, b, c, d = (whole * value for value in matrix)
    data = data[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[at + 36 :]
    path.write_bytes(data)
    return path


def first_picture(path: Path) -> Image.Image:
    with av.open(str(path)) as container:
        picture: Image.Image = next(container.decode(video=0)).to_image()  # type: ignore[no-untyped-call]
    return picture


def is_near(picture: Image.Image, at: tuple[int, int], colour: tuple[int, ...]) -> bool:
    found = picture.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(a - b) <= 8 for a, b in zip(found, colour, strict=True))


def packets_of(path: Path, kind: str = "video") -> list[bytes]:
    with av.open(str(path)) as container:
        stream = container.streams.best(kind)  # type: ignore[arg-type]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def samples_of(frame: av.AudioFrame) -> list[float]:
    """The first channel, as decoded from AAC."""
    return array("f", bytes(frame.planes[0]))[: frame.samples].tolist()


def boxes(path: Path) -> list[bytes]:
    """The outer boxes of an MP4, in their order."""
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        found.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big")
    return found


def test_a_film_with_nothing_wrong_is_copied_byte_for_byte(tmp_path: Path) -> None:
    film(tmp_path / "good.mp4")

    done = repaired(tmp_path / "good.mp4")

    assert (done.outcome, done.changes) == ("copied", ())
    assert result_of(done).read_bytes() == (tmp_path / "good.mp4").read_bytes()


def test_a_film_with_its_index_at_the_end_is_only_rewritten(tmp_path: Path) -> None:
    film(tmp_path / "good.mp4")
    with av.open(str(tmp_path / "good.mp4")) as good, av.open(str(tmp_path / "a.mov"), "w") as mov:
        copies = {s: mov.add_stream_from_template(s) for s in good.streams}
        for packet in good.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream]
                mov.mux(packet)
    assert boxes(tmp_path / "a.mov")[-1] == b"moov"

    done = repaired(tmp_path / "a.mov")

    result = result_of(done)
    assert list(done.changes) == ["index moved to the front", "the picture itself is untouched"]
    assert boxes(result).index(b"moov") < boxes(result).index(b"mdat")
    for kind in ("video", "audio"):
        assert packets_of(result, kind) == packets_of(tmp_path / "good.mp4", kind)


def test_a_silent_film_gets_silent_sound_and_keeps_its_picture(tmp_path: Path) -> None:
    film(tmp_path / "silent.mp4", sound=None)

    done = repaired(tmp_path / "silent.mp4")

    result = result_of(done)
    assert packets_of(result) == packets_of(tmp_path / "silent.mp4")
    with av.open(str(result)) as container:
        sound = [(frame.samples, samples_of(frame)) for frame in container.decode(audio=0)]
    assert sum(count for count, _ in sound) / 48_000 == pytest.approx(4, abs=0.05)
    assert not any(any(samples) for _, samples in sound)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("vp9.webm", {"codec": "libvpx-vp9", "sound": "libopus"}),
        ("mpeg4.avi", {"codec": "mpeg4", "sound": "libmp3lame"}),
        ("h264.mkv", {}),
        ("ten-bit.mp4", {"pixels": "yuv420p10le"}),
        ("odd.mkv", {"size": (65, 111), "pixels": "yuv444p"}),
    ],
)
def test_any_film_becomes_plain_h264_with_aac(name: str, how: Any, tmp_path: Path) -> None:
    film(tmp_path / name, **how)

    result = result_of(repaired(tmp_path / name))

    facts = facts_of(result)
    assert (facts.container, facts.codec, facts.audio_codec) == ("MP4", "AVC", "AAC")
    assert facts.seconds == pytest.approx(4, abs=0.1)
    with av.open(str(result)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert (stream.width % 2, stream.height % 2) == (0, 0)
        assert 23 <= (stream.average_rate or 0) <= 60
        packets = [p for p in container.demux(stream) if p.size]
    assert [p.pts for p in packets] == [p.dts for p in packets]
    assert b"elst" not in result.read_bytes()


@pytest.mark.parametrize(
    ("how", "change"),
    [
        ({"channels": 6}, "sound brought from 48 kHz and 6 channels to 48 kHz stereo"),
        ({"audio_rate": 96_000}, "sound brought from 96 kHz and 1 channels to 48 kHz stereo"),
    ],
)
def test_sound_alone_is_encoded_again_where_only_sound_is_wrong(
    how: Any, change: str, tmp_path: Path
) -> None:
    film(tmp_path / "loud.mp4", **how)

    done = repaired(tmp_path / "loud.mp4")

    result = result_of(done)
    assert list(done.changes) == [change, "the picture itself is untouched"]
    assert packets_of(result) == packets_of(tmp_path / "loud.mp4")


@pytest.mark.parametrize(
    ("matrix", "size", "top_left", "bottom_right"),
    [
        ((0, 1, -1, 0), (90, 160), BLUE, RED),  # a quarter clockwise: what was below is left
        ((0, -1, 1, 0), (90, 160), RED, BLUE),
        ((-1, 0, 0, -1), (160, 90), BLUE, RED),
    ],
)
def test_a_film_is_turned_upright(
    matrix: tuple[int, ...],
    size: tuple[int, int],
    top_left: tuple[int, ...],
    bottom_right: tuple[int, ...],
    tmp_path: Path,
) -> None:
    source = rotate(shot(tmp_path / "turned.mp4"), matrix)

    picture = first_picture(result_of(repaired(source)))

    assert picture.size == size
    assert is_near(picture, (5, 5), top_left)
    assert is_near(picture, (picture.width - 5, picture.height - 5), bottom_right)


def test_frames_at_odd_times_are_shown_at_a_constant_rate(tmp_path: Path) -> None:
    uneven = (number * 40 + (number % 4) * 12 for number in range(100))

    done = repaired(shot(tmp_path / "phone.mp4", times=uneven))

    with av.open(str(result_of(done))) as container:
        times = [p.pts for p in container.demux(container.streams.video[0]) if p.pts is not None]
    assert len({after - before for before, after in pairwise(times)}) == 1
    assert "shown at a constant rate of 25 frames per second" in done.changes


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(10, 30), (15, 30), (22, Fraction(24000, 1001)), (26, 26), (120, 60)],
)
def test_a_rate_is_kept_where_it_is_allowed_or_brought_to_one_that_repeats_evenly(
    rate: int, shown: Fraction, tmp_path: Path
) -> None:
    film(tmp_path / "a.mp4", rate=rate, size=(32, 32), pixels="yuv422p")

    with av.open(str(result_of(repaired(tmp_path / "a.mp4")))) as container:
        assert container.streams.video[0].average_rate == shown


def test_a_film_of_just_the_least_length_is_good(tmp_path: Path) -> None:
    film(tmp_path / "least.mp4", seconds=3.2, rate=30)

    assert repaired(tmp_path / "least.mp4").outcome == "copied"


def test_a_film_narrower_than_any_allowed_one_is_padded(tmp_path: Path) -> None:
    film(tmp_path / "thread.mp4", size=(16, 1700))

    facts = facts_of(result_of(repaired(tmp_path / "thread.mp4")))

    assert (facts.width, facts.height) == (18, 1800)


def test_groups_of_pictures_that_lean_on_each_other_are_closed(tmp_path: Path) -> None:
    open_groups = "open-gop=1:keyint=20:bframes=3:b-adapt=0:scenecut=0"
    source = shot(tmp_path / "open.mp4", x264=open_groups)

    done = repaired(source)

    result_of(done)
    assert "groups of pictures closed" in done.changes


def test_interlaced_lines_are_joined(tmp_path: Path) -> None:
    source = shot(tmp_path / "tv.mp4", size=(160, 96), x264="tff=1")

    done = repaired(source)

    with av.open(str(result_of(done))) as container:
        assert not any(frame.interlaced_frame for frame in container.decode(video=0))
    assert "interlaced lines joined" in done.changes


def test_a_film_in_several_edits_is_made_anew_without_any(tmp_path: Path) -> None:
    edited = with_edits(film(tmp_path / "cut.mp4"), 3)
    (tmp_path / "cut.mp4").write_bytes(edited)

    done = repaired(tmp_path / "cut.mp4")

    assert b"elst" not in result_of(done).read_bytes()
    assert list(done.changes) == ["encoded again", "picture encoded as H.264"]


def test_a_film_that_begins_late_begins_at_once(tmp_path: Path) -> None:
    film(tmp_path / "late.mp4", first_frame=24, seconds=5)

    result = result_of(repaired(tmp_path / "late.mp4"))

    with av.open(str(result)) as container:
        assert next(container.decode(video=0)).pts == 0


@pytest.mark.parametrize(
    ("style", "size", "corner"),
    [
        (Style(ratio=0.8), (160, 200), WHITE),
        (Style(ratio=0.8, background="#1ec828"), (160, 200), GREEN),
        (Style(ratio=0.8, background="blur"), (160, 200), RED),
        (Style(ratio=0.8, fit="crop"), (72, 90), RED),
        (Style(ratio=1.91, fit="crop"), (160, 82), RED),
    ],
)
def test_a_film_gets_the_ratio_that_its_carousel_has(
    style: Style,
    size: tuple[int, int],
    corner: tuple[int, ...],
    tmp_path: Path,
) -> None:
    source = shot(tmp_path / "wide.mp4")

    picture = first_picture(result_of(repaired(source, style)))

    assert picture.size == pytest.approx(size, abs=2)
    assert is_near(picture, (3, 3), corner)
    assert is_near(picture, (picture.width // 2, picture.height // 2 - 12), RED)
    assert is_near(picture, (picture.width // 2, picture.height // 2 + 12), BLUE)


def test_a_film_with_oblong_pixels_looks_as_before(tmp_path: Path) -> None:
    source = shot(tmp_path / "dv.mp4", x264="sar=2/1")

    done = repaired(source)

    facts = facts_of(result_of(done))
    assert (facts.width, facts.height) == (320, 90)
    with av.open(str(done.target)) as container:
        assert container.streams.video[0].width == 320


def test_a_film_is_at_most_1920_pixels_wide(tmp_path: Path) -> None:
    source = shot(tmp_path / "4k.mp4", size=(1984, 200))

    facts = facts_of(result_of(repaired(source)))

    assert (facts.width, facts.height) == (1920, 194)


def test_a_bright_film_is_brought_to_ordinary_brightness(tmp_path: Path) -> None:
    """100 of the 203 nits that white has are half the light: 188 of 255 (ITU-R BT.2408)."""
    path = tmp_path / "hdr.mp4"
    tags = {"x264-params": "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"}
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=24, options=tags)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 96, 96, "yuv420p10le"
        for number in range(96):
            frame = av.VideoFrame(96, 96, "yuv420p10le")
            for place, plane in enumerate(frame.planes):
                level = 512 if place else 64 + round(876 * 0.508)  # PQ code of 100 nits
                plane.update(level.to_bytes(2, "little") * (plane.buffer_size // 2))
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(video.encode(frame))
        container.mux(video.encode())

    done = repaired(path)

    assert "brightness converted from HDR (PQ)" in done.changes
    assert is_near(first_picture(result_of(done)), (48, 48), (188, 188, 188))


def test_where_a_film_was_taken_is_removed(tmp_path: Path) -> None:
    film(tmp_path / "plain.mp4")
    with (
        av.open(str(tmp_path / "plain.mp4")) as plain,
        av.open(
            str(tmp_path / "a.mov"), "w", options={"movflags": "faststart+use_metadata_tags"}
        ) as mov,
    ):
        mov.metadata["com.apple.quicktime.location.ISO6709"] = "+48.0000+011.0000/"
        copies = {s: mov.add_stream_from_template(s) for s in plain.streams}
        for packet in plain.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream]
                mov.mux(packet)
    assert b"+48.0000" in (tmp_path / "a.mov").read_bytes()

    done = repaired(tmp_path / "a.mov")

    assert list(done.changes) == ["GPS position removed", "the picture itself is untouched"]
    assert b"+48.0000" not in result_of(done).read_bytes()


def test_sound_and_picture_stay_together(tmp_path: Path) -> None:
    """A click and a flash at two seconds, before and after."""
    path = tmp_path / "clap.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 96, 96, "yuv420p"
        audio = container.add_stream("flac", rate=48_000, layout="mono")
        for number in range(100):
            frame = av.VideoFrame(96, 96, "yuv420p")
            for place, plane in enumerate(frame.planes):
                plane.update(
                    bytes([128 if place else 235 if number >= 50 else 16]) * plane.buffer_size
                )
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
            sound = av.AudioFrame("s16", "mono", 1920)
            loud = struct.pack("<2h", 20_000, -20_000) if number >= 50 else bytes(4)
            sound.planes[0].update((loud * 960).ljust(sound.planes[0].buffer_size, b"\0"))
            sound.pts, sound.sample_rate, sound.time_base = (
                1920 * number,
                48_000,
                Fraction(1, 48_000),
            )
            container.mux(audio.encode(sound))
        container.mux([*video.encode(), *audio.encode()])

    result = result_of(repaired(path))

    with av.open(str(result)) as container:
        flash = next(f.time for f in container.decode(video=0) if bytes(f.planes[0])[0] > 128)
    with av.open(str(result)) as container:
        click = next(
            (frame.time or 0) + number / 48_000
            for frame in container.decode(audio=0)
            for number, level in enumerate(samples_of(frame))
            if abs(level) > 0.1
        )
    assert flash == pytest.approx(2.0, abs=0.001)
    assert click == pytest.approx(2.0, abs=0.006)


def test_a_film_that_is_too_short_is_beyond_repair(tmp_path: Path) -> None:
    film(tmp_path / "short.mp4", seconds=2)

    done = repaired(tmp_path / "short.mp4")

    assert (done.outcome, done.target) == ("beyond_repair", None)
    assert done.why == (
        "It has 2.00 seconds, and Instagram takes none below 3.2. Use a longer video, or post a"
        " photo instead."
    )


def test_a_film_that_is_too_long_is_cut_only_when_that_is_wanted(tmp_path: Path) -> None:
    film(tmp_path / "long.mp4", seconds=62, size=(32, 32))

    refused = repaired(tmp_path / "long.mp4", Style(in_carousel=True))
    cut = repaired(tmp_path / "long.mp4", Style(in_carousel=True, cut=True))

    assert refused.why is not None
    assert "Add --cut to keep the first 60" in refused.why
    facts = facts_of(result_of(cut, use=media_judge.CAROUSEL_ITEM))
    assert facts.seconds == pytest.approx(59.9, abs=0.1)


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[: len(data) * 2 // 3], lambda _: b"", lambda data: data[:40]],
    ids=["cut off", "empty", "a head alone"],
)
def test_a_damaged_film_is_named_as_beyond_repair(
    damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    whole = film(tmp_path / "a.mp4")
    (tmp_path / "a.mp4").write_bytes(damage(whole))

    done = repaired(tmp_path / "a.mp4")

    assert (done.outcome, done.target) == ("beyond_repair", None)
    assert done.why
    assert list((tmp_path / "out").iterdir()) == []
