"""The language of what an error says to the user."""

from __future__ import annotations

import pytest

from sandbox.instagram import errors, scripted_errors
from sandbox.instagram.error_texts import translated
from sandbox.instagram.errors import ErrorRow
from tests.instagram_lab import Lab
from tests.media import MediaServer

USERS_TEXTS = ("error_user_title", "error_user_msg")
COMMON = [
    (9004, 2207052),
    (-2, 2207003),
    (36000, 2207004),
    (36001, 2207005),
    (36003, 2207009),
    (36004, 2207010),
    (9007, 2207027),
    (24, 2207008),
    (9, 2207042),
    (4, 2207051),
]


@pytest.mark.parametrize(("locale", "letters"), [("es", "descargar"), ("th", "ดา"), ("kn", "ಮಾ")])
def test_only_the_texts_for_the_user_change(
    lab: Lab, media: MediaServer, locale: str, letters: str
) -> None:
    form = {"image_url": f"{media.origin}/missing.jpg"}
    english = lab.post("/me/media", **form).json()["error"]
    lab.config(locale=locale)

    answered = lab.post("/me/media", **form).json()["error"]

    assert letters in answered["error_user_title"]
    assert all(answered[name] != english[name] for name in USERS_TEXTS)
    same = set(english) - {*USERS_TEXTS, "fbtrace_id"}
    assert {name: answered[name] for name in same} == {name: english[name] for name in same}


def test_a_scripted_error_speaks_the_language_too(lab: Lab) -> None:
    lab.config(locale="es")
    lab.faults({"call": "user", "error": [4, 2207051]})

    answer = lab.get("/me")

    assert answer.status_code == 403
    assert answer.json()["error"]["error_user_title"] == "Acción bloqueada"


def test_without_a_translation_english_is_answered(lab: Lab) -> None:
    lab.config(locale="th")

    error = lab.post("/me/media", media_type="PANORAMA").json()["error"]

    assert error["error_user_title"] == "Unknown media type"


def test_an_error_without_texts_for_the_user_gets_none(lab: Lab) -> None:
    lab.config(locale="kn")

    assert set(lab.get("/1").json()["error"]).isdisjoint(USERS_TEXTS)


@pytest.mark.parametrize("locale", ["th", "kn"])
@pytest.mark.parametrize("pair", COMMON)
def test_common_errors_are_translated(locale: str, pair: tuple[int, int]) -> None:
    assert translated(*pair, locale)


def test_every_error_a_user_sees_is_translated_to_spanish() -> None:
    rows = [row for row in vars(errors).values() if isinstance(row, ErrorRow) and row.title]
    shown = {(row.code, row.subcode) for row in rows}
    assert len(shown) > 15

    assert [pair for pair in shown if translated(*pair, "es") is None] == []


def test_a_scripted_error_has_the_texts_of_its_row() -> None:
    rows = [scripted_errors.row_for(*pair) for pair in [(9007, 2207027), (2, None), (7, 7)]]

    assert rows[0] is errors.NOT_READY
    assert (rows[1].status, rows[1].is_transient) == (503, True)
    assert rows[2].message == "(#7) Scripted error"
