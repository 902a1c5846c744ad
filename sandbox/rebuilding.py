"""What a recorded run met, made up again: a post of the same shape, and a script of its faults.

Task outputs and error suffixes carry raw codes and no text, no names and no bytes. What they do not
tell is listed in `missing`, in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from postwright.errors import split_text
from postwright.history import History, Try, Visit
from sandbox.made_up_media import Wanted

Json = dict[str, Any]

WORD: Final = "Replayed"
"""Begins every caption that is made up, so that the script can tell a carousel by it."""

_LONGER: Final = 1.25
_STILL: Final = "still processing"
_NO_ANSWER: Final = re.compile(r"\(no answer, (\w+)\)")
_AWS: Final = {
    "Lambda.ServiceException": "refused",
    "Lambda.AWSLambdaException": "refused",
    "Lambda.TooManyRequestsException": "throttled",
    "Lambda.SdkClientException": "lost",
    "States.Timeout": "hang",
}
"""What the script of AWS calls does so that a task ends with this error."""
_KILLED: Final = ("Runtime.ExitError", "Sandbox.Timedout", "Lambda.Unknown")


def file_name(item: Wanted, index: int) -> str:
    """What the file of an item is called, by which the script knows it."""
    return f"replayed-{index + 1:02}{item.suffix}"


@dataclass
class Rebuilt:
    """A post and what happens to it; `instagram` and `aws` are lines for the two scripts."""

    items: list[Wanted] = field(default_factory=list)
    caption: str = WORD
    on_quota: str = "fail"
    publish_in_seconds: float | None = None
    instagram: list[Json] = field(default_factory=list)
    aws: list[Json] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Suffix:
    """The fields for programs at the end of an error's text."""

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

    def indices(self) -> list[int]:
        """The items that it names, counted from 0."""
        named = re.findall(r"(?:^|, )(\d+): ", str(self.fields.get("item", "")))
        return [int(number) - 1 for number in named]


def rebuild(recorded: History, caption: str | None = None) -> Rebuilt:
    """Everything that a sandbox needs to meet the same again; `caption` is the recorded one."""
    made = Rebuilt()
    _Rebuilder(recorded, made).run(caption)
    return made


class _Rebuilder:
    def __init__(self, recorded: History, made: Rebuilt) -> None:
        self.recorded = recorded
        self.made = made
        self.iteration = 0
        self.tries = sorted(
            ((visit, one) for visit in recorded.visits for one in visit.tries),
            key=lambda pair: pair[1].scheduled_at,
        )

    def run(self, caption: str | None) -> None:
        self._post(caption)
        self._input()
        for visit, one in self.tries:
            self.iteration = min(visit.iteration or 0, len(self.made.items) - 1)
            take = getattr(self, f"_{visit.state.lower()}", None)
            if take is not None and one.outcome != "open":
                take(one)
            if one.error is not None:
                self._aws_failure(visit, one)
        self.made.missing = list(dict.fromkeys(self.made.missing))

    def missing(self, what: str) -> None:
        self.made.missing.append(what)

    # The post

    def _post(self, caption: str | None) -> None:
        told = [one.answer["post"] for one in self._answers("LoadPost", "ReloadPost", key="post")]
        if told:
            facts = told[-1]
            self.made.items = [_wanted(row) for row in facts["items"]]
            self.made.caption = caption or _caption(facts["captionCharacters"], facts["hashtags"])
        else:
            self.made.items = self._items_by_containers()
            self.made.caption = caption or WORD
            self.missing("the caption's length: it is not recorded")
        for number, item in enumerate(self.made.items, 1):
            if item.shape is None:
                self.missing(f"pixels of item {number}: not recorded, usual ones are made up")
            elif item.shortened:
                self.missing(f"item {number} as a whole, {item.shape}: a lesser one is made up")
        if caption is None:
            self.missing(
                "the caption's words: they are not recorded, others of their length are made up"
            )

    def _items_by_containers(self) -> list[Wanted]:
        rows = {
            one.answer["index"]: _wanted(one.answer)
            for one in self._answers("CreateContainer", key="kind")
        }
        if not rows:
            self.missing("what the post consists of: it is not recorded, one photo is made up")
            return [Wanted("image")]
        return [rows.get(index, Wanted("image")) for index in range(max(rows) + 1)]

    def _answers(self, *states: str, key: str) -> list[Try]:
        return [
            one
            for visit, one in self.tries
            if visit.state in states and isinstance(one.answer, dict) and key in one.answer
        ]

    def _input(self) -> None:
        given = self.recorded.given if isinstance(self.recorded.given, dict) else {}
        self.made.on_quota = given.get("onQuota", "fail")
        if "publishAt" in given:
            ahead = datetime.fromisoformat(given["publishAt"]) - self.recorded.started_at
            if ahead.total_seconds() > 0:
                self.made.publish_in_seconds = ahead.total_seconds()

    # What each function met

    def _loadpost(self, one: Try) -> None:
        if one.outcome == "failed" and not _is_aws(one.error):
            self.missing(
                f"what led to {one.error} at LoadPost: the records of the group are not in a"
                " history, a good group is made up"
            )

    _reloadpost = _loadpost

    def _checkquota(self, one: Try) -> None:
        answer = one.answer if isinstance(one.answer, dict) else {}
        if "quota" in answer:
            self._quota(answer["quota"]["used"], answer["quota"]["total"])
        elif one.outcome == "succeeded":
            self.missing("the code of a rate limit at CheckQuota: it is not recorded, 4 is used")
            self.made.instagram.append({"call": "quota", "error": [4, None]})
        elif one.error == "QuotaExceededError":
            total = re.search(r"its (\d+) posts", _suffix(one).sentence)
            posts = int(total[1]) if total else 100
            self._quota(posts, posts)
        elif not _is_aws(one.error):
            self._refusal("quota", one)

    def _quota(self, used: int, total: int) -> None:
        config = {"quota_total": total, "quota_duration": 86_400}
        body = {"data": [{"config": config, "quota_usage": used}]}
        self.made.instagram.append({"call": "quota", "status": 200, "body": body})

    def _createcontainer(self, one: Try) -> None:
        if one.outcome != "succeeded":
            if not _is_aws(one.error):
                self._refusal("create", one, match=self._name(self.iteration))
            return
        index = int(one.answer["index"])
        name = self._name(index)
        error = one.answer.get("error")
        if one.answer["outcome"] == "created":
            self._made("create", name, str(index), one)
        elif error:
            self._refused("create", error, match=name)

    def _createcarousel(self, one: Try) -> None:
        if one.outcome != "succeeded":
            if _suffix(one).call == "create":
                self._refusal("create", one, match=self.made.caption[: len(WORD)])
        elif one.answer.get("error"):
            self._refused("create", one.answer["error"], match=self.made.caption[: len(WORD)])
        else:
            self._made("create", self.made.caption[: len(WORD)], "parent", one)

    def _checkstatus(self, one: Try) -> None:
        """What was seen of containers is in the script of their making."""
        for row in one.answer.get("seen", ()) if isinstance(one.answer, dict) else ():
            if row["status"] is None:
                match = self._name_of(row["container"])
                self.made.instagram.append(
                    {"call": "status", "match": match, "status": 500, "body": ""}
                )
        if one.error is not None and _suffix(one).call == "status" and _suffix(one).code:
            self._refusal("status", one)

    def _publish(self, one: Try) -> None:
        suffix = _suffix(one)
        if one.answer and one.answer.get("next") == "waitForQuota":
            self.made.instagram.append({"call": "publish", "error": [9, 2207042]})
        if one.error is None or _is_aws(one.error):
            return
        if one.error == "CaptionBusyError":
            self.missing("the other post with the same caption that was being published")
            return
        effect = self._effect_after(one) if one.error == "PublishUncertainError" else {}
        silent = _NO_ANSWER.search(suffix.sentence)
        if suffix.code is not None:
            self._refusal("publish", one, **effect)
        elif silent is not None:
            answer = "hang" if "Timeout" in silent[1] else "reset"
            self.made.instagram.append({"call": "publish", "answer": answer, **effect})
        elif suffix.status is not None:
            line = {"call": "publish", "status": suffix.status, "body": "", **effect}
            self.made.instagram.append(line)

    def _reconcilepublish(self, one: Try) -> None:
        answer = one.answer if isinstance(one.answer, dict) else {}
        if answer.get("seen", {}).get("postsRead") is False:
            self.made.instagram.append({"call": "list", "status": 500, "body": ""})

    # Lines of the scripts

    def _name(self, index: int) -> str:
        return file_name(self.made.items[index], index)

    def _name_of(self, container: str) -> str:
        return (
            self._name(int(container)) if container.isdecimal() else self.made.caption[: len(WORD)]
        )

    def _refusal(self, call: str, one: Try, **more: Any) -> None:
        """The line for an error with codes, or with a status alone."""
        suffix = _suffix(one)
        if suffix.code is not None:
            self._refused(call, suffix.fields, **more)
        elif suffix.status is not None:
            self.made.instagram.append({"call": call, "status": suffix.status, "body": "", **more})
        elif _NO_ANSWER.search(suffix.sentence):
            self.made.instagram.append({"call": call, "answer": "reset", **more})
        else:
            self.missing(f"{one.error} without codes: what led to it is not recorded")

    def _refused(self, call: str, fields: Mapping[str, Any], **more: Any) -> None:
        line: Json = {"call": call, "error": [fields.get("code"), fields.get("subcode")], **more}
        if fields.get("code") is None:
            status = fields.get("httpStatus")
            del line["error"]
            line |= {"status": status, "body": ""} if status else {"answer": "reset"}
        elif fields.get("httpStatus") is not None and fields["httpStatus"] >= 400:
            line["http_status"] = fields["httpStatus"]
        self.made.instagram.append(line)

    def _made(self, call: str, match: str, container: str, one: Try) -> None:
        """A container that was made, with what became of it."""
        line: Json = {"call": call, "match": match}
        self.made.instagram.append(
            {**line, **self._fate(container, one.ended_at or one.scheduled_at)}
        )

    def _fate(self, container: str, made_at: datetime) -> Json:
        """How long a container was worked on, and what came out: as the looks have seen it."""
        busy_until = made_at
        for at, row in self._looks(container):
            if at < made_at:
                continue
            seconds = ((busy_until - made_at) + (at - made_at)).total_seconds() / 2
            match row["status"]:
                case "IN_PROGRESS":
                    busy_until = at
                case "FINISHED" | "PUBLISHED":
                    return {"processing_seconds": seconds}
                case "ERROR":
                    fault = row.get("subcode") or "Fatal"
                    return {"processing_seconds": seconds, "processing_error": fault}
                case "EXPIRED":
                    return {"processing_seconds": 0, "expires_after_seconds": max(1.0, seconds)}
                case "STILL":
                    given = (at - made_at).total_seconds()
                    self.missing(
                        f"how long container {container} would have been worked on: longer than"
                        f" the {given:.0f} s that it was given, {_LONGER:g} times that is made up"
                    )
                    return {"processing_seconds": given * _LONGER}
        return {"processing_seconds": max(0.0, (busy_until - made_at).total_seconds())}

    def _looks(self, container: str) -> Iterator[tuple[datetime, Json]]:
        """What each look at a container has seen; one that ended the run tells by its error."""
        for visit, one in self.tries:
            if visit.state != "CheckStatus" or one.ended_at is None:
                continue
            if isinstance(one.answer, dict):
                rows = [row for row in one.answer.get("seen", ()) if row["container"] == container]
                yield from ((one.ended_at, row) for row in rows)
                continue
            suffix = _suffix(one)
            if suffix.call == "status" and container in map(str, suffix.indices()):
                status = "STILL" if _STILL in suffix.sentence else "ERROR"
                yield one.ended_at, {"status": status, "subcode": suffix.fields.get("subcode")}

    def _effect_after(self, sent: Try) -> Json:
        """Whether the post of an unclear publish was found before anything else was sent; one that
        the first look did not see came between the last look that did not and the one that did.
        """
        looks = [
            (visit.state, one.answer if isinstance(one.answer, dict) else {}, one.ended_at)
            for visit, one in self.tries
            if one is not sent and one.ended_at is not None
            if one.scheduled_at >= (sent.ended_at or sent.scheduled_at)
        ]
        unseen_at = None
        for state, answer, at in looks:
            if state == "Publish":
                break
            if answer.get("next") == "published":
                if unseen_at is None:
                    return {"effect": "first"}
                seconds = ((unseen_at - sent.scheduled_at) + (at - sent.scheduled_at)) / 2
                return {"effect": "late", "late_seconds": seconds.total_seconds()}
            if state == "ReconcilePublish":
                unseen_at = at
        return {"effect": "never"}

    def _aws_failure(self, visit: Visit, one: Try) -> None:
        error = one.error or ""
        if one.outcome == "timed_out":
            error = "States.Timeout"
        function = re.sub(r"(?<!^)(?=[A-Z])", "_", _FUNCTIONS.get(visit.state, visit.state)).lower()
        if error in _AWS:
            self.made.aws.append({"service": "lambda", "function": function, "does": _AWS[error]})
        elif error in _KILLED and visit.state == "Publish":
            found = self._effect_after(one)["effect"] != "never"
            does = "kill_after" if found else "kill_before"
            self.made.aws.append({"service": "graph", "operation": "publish", "does": does})
        elif error in _KILLED:
            self.made.aws.append({"service": "lambda", "function": function, "does": "lost"})
            self.missing(
                f"why the function of {visit.state} ended with {error}: its answer is lost instead"
            )
        elif not error.endswith("Error") or error in _OF_PYTHON:
            self.missing(
                f"{error} at {visit.state} is of our own code: it comes again if its cause is there"
            )


_FUNCTIONS: Final = {"ReloadPost": "LoadPost"}
_OF_PYTHON: Final = (
    *("KeyError", "IndexError", "TypeError", "ValueError", "AttributeError", "LookupError"),
    *("RuntimeError", "AssertionError", "NameError", "UnboundLocalError", "ZeroDivisionError"),
)


def _wanted(row: Mapping[str, Any]) -> Wanted:
    return Wanted(row["kind"], row["bytes"], row.get("shape"))


def _is_aws(error: str | None) -> bool:
    return error is not None and (error in _AWS or error in _KILLED)


def _suffix(one: Try) -> _Suffix:
    return _Suffix(*split_text(one.message or ""))


def _caption(characters: int, hashtags: int) -> str:
    """Words of this length with so many hashtags; nothing for a post without a caption."""
    tags = [f"#tag{number}" for number in range(hashtags)]
    words = [WORD, *tags]
    while characters - len(" ".join(words)) > 7:
        words.insert(1, "again")
    return " ".join(words)[: max(characters, len(WORD))]
