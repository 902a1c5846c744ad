"""The demo session: sample photos and videos in post groups that are ready to publish.

Texts are what a content pipeline would have written; the files lie beside this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

SAMPLES_DIR: Final = Path(__file__).parent


@dataclass(frozen=True)
class SampleMedia:
    """One file of `SAMPLES_DIR`; Instagram takes an alt text for photos only."""

    file_name: str
    kind: Literal["image", "video"]
    alt_text: str | None = None


@dataclass(frozen=True)
class SampleGroup:
    """One post, in the order in which its media appear."""

    group_id: str
    name: str
    media: tuple[SampleMedia, ...]
    caption: str
    hashtags: tuple[str, ...]
    location_tag: str


@dataclass(frozen=True)
class SampleSession:
    """A pipeline run that got as far as publishing."""

    session_id: str
    name: str
    groups: tuple[SampleGroup, ...]


DUNES = SampleMedia(
    "01-dunes.jpg", "image", "Sand dunes with long shadows, the sun low in a pale sky"
)
SEA = SampleMedia(
    "02-sea.jpg", "image", "Sunset over the open sea, its light a glittering path on the water"
)
CITY = SampleMedia(
    "03-city.jpg", "image", "A city skyline at dusk with lit windows, mirrored in calm water"
)
MOUNTAINS = SampleMedia(
    "04-mountains.jpg", "image", "Mountain ridges in morning mist, one behind another, with birds"
)
LIGHTHOUSE = SampleMedia(
    "05-lighthouse.jpg", "image", "A red and white lighthouse on a cliff at dusk, its lamp lit"
)
NIGHT = SampleMedia(
    "06-night.jpg", "image", "The Milky Way above dark hills and a tent that glows from inside"
)
WAVES = SampleMedia("07-waves.mp4", "video")
SUNSET = SampleMedia("08-sunset.mp4", "video")

DEMO_SESSION: Final = SampleSession(
    session_id="demo",
    name="Demo: a spring on the coast",
    groups=(
        SampleGroup(
            group_id="group-1",
            name="Two days by the sea",
            media=(SEA, DUNES, WAVES, LIGHTHOUSE, NIGHT),
            caption=(
                "Two days by the sea 🌊\n\n"
                "We came for the sunset and stayed for everything after it: sand in every pocket, "
                "the lamp of the lighthouse counting the seconds, and a sky that would not let us "
                "sleep.\n\n"
                "Swipe to the last one. Which of them would you hang on your wall?"
            ),
            hashtags=("bythesea", "goldenhour", "dunes", "lighthouse", "milkyway"),
            location_tag="Skagen, Denmark",
        ),
        SampleGroup(
            group_id="group-2",
            name="Blue hour downtown",
            media=(CITY,),
            caption=(
                "Twenty minutes between day and night, and the whole city holds its breath 🌆\n\n"
                "Shot from the old pier, just before the wind came back."
            ),
            hashtags=("bluehour", "skyline", "cityscape"),
            location_tag="Old Harbour Pier",
        ),
        SampleGroup(
            group_id="group-3",
            name="A sunset in four seconds",
            media=(SUNSET,),
            caption=(
                "One evening, four seconds ⏳\n\n"
                "The camera stood still for two hours so that we could, too."
            ),
            hashtags=("timelapse", "sunset", "mountains", "reels"),
            location_tag="Eagle Pass Lookout",
        ),
        SampleGroup(
            group_id="group-4",
            name="Ten frames of spring",
            media=(
                MOUNTAINS,
                DUNES,
                SEA,
                CITY,
                LIGHTHOUSE,
                NIGHT,
                MOUNTAINS,
                SEA,
                DUNES,
                LIGHTHOUSE,
            ),
            caption=(
                "Ten frames of spring, in the order we would walk them again 🌿\n\n"
                "From the first ridge before sunrise to the last light on the cliff. "
                "Some places deserve a second look, so we gave them one."
            ),
            hashtags=("spring", "roadtrip", "landscape", "slowtravel"),
            location_tag="North Coast Trail",
        ),
    ),
)
