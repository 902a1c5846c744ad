"""The fields for programs at the end of an error's text, as a recorded try holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from postwright.errors import split_text
from postwright.history import Try

NO_ANSWER: Final = re.compile(r"\(no answer, (\w+)\)")


@dataclass(frozen=True)
class Suffix:
    """The sentence before them, and the fields."""

    sentence: str
    fields: Mapping[str, Any]

    @property
    def call(self) -> str | None:
        return self.fields.get("call")

    @property
    def code(self) -> int | None:
        return self.fields.get("code")

    @property
    def status(self) -> int | None:
        return self.fields.get("httpStatus")

    def containers(self) -> list[str]:
        """The containers of the items that it names."""
        item = str(self.fields.get("item", ""))
        named = [str(int(number) - 1) for number in re.findall(r"(?:^|, )(\d+): ", item)]
        return [*named, *(["parent"] if "carousel" in item.split(", ") else [])]


def suffix_of(one: Try) -> Suffix:
    """What the error of a try tells; nothing for one without an error."""
    return Suffix(*split_text(one.message or ""))


def has_answer(one: Try) -> bool:
    """Whether an error tells what Instagram answered, or that it did not answer."""
    told = suffix_of(one)
    if (told.code, told.status) != (None, None) or NO_ANSWER.search(told.sentence) is not None:
        return True
    return one.error == "TransientGraphError"
