"""The caption as Instagram gets it, and how captions are counted and compared."""

from __future__ import annotations

import pytest

from postwright import caption


@pytest.mark.parametrize(
    ("text", "tags", "expected"),
    [
        ("Dunes at dawn", ["travel", "sea"], "Dunes at dawn\n\n#travel #sea"),
        ("Dunes at dawn", [], "Dunes at dawn"),
        ("", ["travel"], "#travel"),
        ("  \n ", [" ", "#", ""], ""),
        ("\n Dunes \n", ["sea"], "Dunes\n\n#sea"),
        ("Line one\nline two", ["sea"], "Line one\nline two\n\n#sea"),
    ],
)
def test_caption_a_blank_line_and_the_hashtags(text: str, tags: list[str], expected: str) -> None:
    assert caption.assemble(text, tags) == expected


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("sea", "#sea"),
        ("#sea", "#sea"),
        ("##sea", "#sea"),
        (" # sea ", "#sea"),
        ("sand dunes", "#sanddunes"),
        ("sand\u00a0dunes\t", "#sanddunes"),
        ("Dünen", "#Dünen"),
        ("砂丘", "#砂丘"),
    ],
)
def test_a_hashtag_may_come_with_signs_and_spaces(tag: str, written: str) -> None:
    assert caption.assemble("", [tag]) == written


def test_a_hashtag_that_comes_twice_is_written_once_where_it_came_first() -> None:
    assert caption.assemble("", ["sea", "dunes", "#sea", " s ea"]) == "#sea #dunes"


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("", 0),
        ("abc", 3),
        ("ü", 1),
        ("e\u0301", 2),
        ("😀", 2),
        ("👨‍👩‍👧", 8),
        ("a\nb", 3),
        ("\ud83d", 1),
    ],
)
def test_an_emoji_counts_by_its_utf_16_units(text: str, characters: int) -> None:
    assert caption.length(text) == characters


def test_hashtags_are_found_in_order_and_only_where_instagram_would() -> None:
    text = "#a word#b (#c) #d_1 &#39; ##e # f #日本語 #a"

    assert caption.hashtags(text) == ["a", "c", "d_1", "日本語", "a"]


def test_mentions_are_found_in_order_and_mail_addresses_are_none() -> None:
    text = "@anna with @b.c_d at me@example.com or a.@x @@y (@z)"

    assert caption.mentions(text) == ["anna", "b.c_d", "z"]


def test_white_space_does_not_tell_two_captions_apart() -> None:
    ours, theirs = "Dunes\r\n\r\nat  dawn ", "Dunes\n\nat\u00a0dawn"

    assert caption.normalise(ours) == caption.normalise(theirs) == "Dunes at dawn"
    assert caption.digest(ours) == caption.digest(theirs)


def test_another_word_or_sign_tells_two_captions_apart() -> None:
    digests = {caption.digest(text) for text in ("Dunes", "dunes", "Dunes.", "Dunes 😀")}

    assert len(digests) == 4


def test_no_caption_is_an_empty_caption() -> None:
    assert caption.normalise(None) == ""
    assert caption.digest(None) == caption.digest("  ")
