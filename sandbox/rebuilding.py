"""What a recorded run met, made up again: a post of the same shape, and a script of its faults.

Task outputs and error suffixes carry raw codes and no text, no names and no bytes. What they do not
tell is listed in `missing`, in words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, Literal

from postwright import errors
from postwright.error_table import TABLE
from postwright.history import History, Try, Visit, without_lost_answers
from sandbox.fates import LONGER, Fates
from sandbox.made_up_media import Wanted
from sandbox.stopping import cut_off
from sandbox.suffixes import NO_ANSWER, has_answer, suffix_of

Json = dict[str, Any]

WORD: Final = "Replayed"
"""Begins every caption that is made up, so that the script can tell a carousel by it."""

_AWS: Final = {
    "Lambda.ServiceException": "refused",
    "Lambda.AWSLambdaException": "refused",
    "Lambda.TooManyRequestsException": "throttled",
    "Lambda.SdkClientException": "lost",
    "States.Timeout": "hang",
    "Runtime.ExitError": "killed",
    "Sandbox.Timedout": "overruns",
    "Lambda.Unknown": "killed",
}
"""What the script of AWS calls does so that a task ends with this error."""
_STEADY: Final = ("ContainerNotReadyError", "CaptionBusyError")
"""Errors that are tried again after a pause which is always the same."""
_LATE_SECONDS: Final = 5
_LAST_SECONDS: Final = 1
"""An error ends the Map around it, so that items that were done by then are done first."""
_RAN: Final = ("lost", "hang")
"""Of these the function has run to its end, and nobody has got its answer."""
_FUNCTIONS: Final = {"ReloadPost": "LoadPost"}
_OF_LOOKS: Final = {"read": "list", "status": "status", "media": "children"}
"""The calls of a look for the post, by what an error's suffix calls them."""
_UNREAD: Final = re.compile(r"container unknown, \d+ posts that fit")


def file_name(item: Wanted, index: int) -> str:
    """What the file of an item is called, by which the script knows it."""
    return f"replayed-{index + 1:02}{item.suffix}"


@dataclass
class Rebuilt:
    """A post and what happens to it; `instagram` and `aws` are lines for the two scripts.

    `publish_status` is that of the group when the run begins.
    """

    items: list[Wanted] = field(default_factory=list)
    caption: str = WORD
    on_quota: str = "fail"
    publish_in_seconds: float | None = None
    publish_status: Literal["ready", "publishing", "published", "unconfirmed"] = "ready"
    instagram: list[Json] = field(default_factory=list)
    aws: list[Json] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def rebuild(recorded: History, caption: str | None = None) -> Rebuilt:
    """Everything that a sandbox needs to meet the same again; `caption` is the recorded one."""
    made = Rebuilt()
    _Rebuilder(without_lost_answers(recorded), made).run(caption)
    return made


class _Script:
    """A script of faults that is written call by call: a line waits until as many calls of its kind
    have gone well as went well before it then.
    """

    def __init__(self, lines: list[Json]) -> None:
        self._lines = lines
        self._well: Counter[Hashable] = Counter()

    def goes_well(self, about: Json) -> None:
        """One more call of this kind, to which nothing happens."""
        self._well[tuple(about.items())] += 1

    def goes_wrong(self, about: Json, how: Mapping[str, Any]) -> None:
        """What happens to the next call of this kind."""
        after = self._well[tuple(about.items())]
        self._lines.append({**about, **how, **({"after": after} if after else {})})


class _Rebuilder:
    def __init__(self, recorded: History, made: Rebuilt) -> None:
        self.recorded = recorded
        self.made = made
        self.fates = Fates(recorded)
        self.instagram = _Script(made.instagram)
        self.aws = _Script(made.aws)
        self.pending: list[int] = []
        self.unfinished: set[str] = set()
        self.is_unclear = False
        self.has_begun = False

    def run(self, caption: str | None) -> None:
        self._post(caption)
        self._input()
        for visit, one in self.fates.tries:
            self._invocation(visit, one)
            take = getattr(self, f"_{visit.state.lower()}", None)
            if take is not None:
                take(visit, one)
            if isinstance(one.answer, dict) and "pending" in one.answer:
                self.pending = [row["index"] for row in one.answer["pending"]]
        self._stops()
        self._pauses()
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
            elif item.is_lessened:
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
            for visit, one in self.fates.tries
            if visit.state in states and isinstance(one.answer, dict) and key in one.answer
        ]

    def _input(self) -> None:
        given = self.recorded.given if isinstance(self.recorded.given, dict) else {}
        self.made.on_quota = "wait" if given.get("onQuota") == "wait" else "fail"
        if "publishAt" in given:
            ahead = datetime.fromisoformat(given["publishAt"]) - self.recorded.started_at
            if ahead.total_seconds() > 0:
                self.made.publish_in_seconds = ahead.total_seconds()

    # What happened to invocations

    def _invocation(self, visit: Visit, one: Try) -> None:
        about = self._about(visit)
        does = _does(one)
        if does == "open":
            self._given_up(visit, one, about)
        elif does is None:
            self.aws.goes_well(about)
            if one.error is not None and errors.of_name(one.error) is None:
                self.missing(
                    f"{one.error} at {visit.state}: of our own code, or of what AWS answered it;"
                    " it comes again only if its cause is still there"
                )
        elif visit.state != "Publish":
            self.aws.goes_wrong(about, {"does": does})
            if one.error == "Lambda.Unknown":
                self.missing(f"why nothing is known of {visit.state}: it is killed instead")

    def _about(self, visit: Visit) -> Json:
        words = _FUNCTIONS.get(visit.state, visit.state)
        function = re.sub(r"(?<!^)(?=[A-Z])", "_", words).lower()
        about = {"service": "lambda", "function": function}
        return about | ({"match": f"#{self._index(visit):03}"} if visit.around else {})

    def _index(self, visit: Visit) -> int:
        """The item of an iteration: one of those that were to be made."""
        number = visit.iteration or 0
        return self.pending[number] if number < len(self.pending) else number

    def _given_up(self, visit: Visit, one: Try, about: Json) -> None:
        """What was on its way when the run ended is late; of a stopped run the last of it is what
        the stop comes upon.
        """
        was_stopped = self._was_stopped(one)
        if visit.state == "Publish" and was_stopped:
            return
        if was_stopped and one is cut_off(self.recorded, one.run)[-1]:
            self.aws.goes_wrong(about, {"does": "abort_after"})
            self.missing(f"whether {visit.state} had done its work when it was stopped: it has now")
        elif was_stopped or visit.around is not None:
            self.aws.goes_wrong(about, {"delay_seconds": _LATE_SECONDS})
            if one.run < len(self.recorded.redriven_at):
                self.missing(f"whether {visit.state} did its work when it was cut off: it does now")
        else:
            self.aws.goes_well(about)

    def _was_stopped(self, one: Try) -> bool:
        """Whether somebody ended the run of a try."""
        ends = self.recorded.ends
        return one.run < len(ends) and ends[one.run].status == "ABORTED"

    def _stops(self) -> None:
        if self.recorded.status == "RUNNING":
            self.missing("what came after the recording: the run was not over")
        for end in self.recorded.ends:
            if end.status == "TIMED_OUT":
                self.missing("the limit for the whole run: today's counts")

    def _pauses(self) -> None:
        for visit in self.recorded.visits:
            repeated = [
                one
                for one, again in pairwise(visit.tries)
                if one.run == again.run and one.error not in _STEADY
            ]
            if repeated:
                self.missing(
                    f"the pauses before {visit.state} was tried again: their length is chance, and"
                    " so is what depends on it"
                )

    # What each function met

    def _loadpost(self, visit: Visit, one: Try) -> None:
        answer = one.answer if isinstance(one.answer, dict) else {}
        answered = {other.error for _, other in self.fates.tries if _does(other) is None}
        if answer.get("next") == "alreadyHandled":
            is_published = answer.get("permalink") is not None
            self.made.publish_status = "published" if is_published else "publishing"
        elif one.error == "AlreadyPublishingError" and answered == {one.error}:
            self.made.publish_status = "unconfirmed"
        elif one.error is not None and errors.of_name(one.error) is not None:
            self.missing(
                f"what led to {one.error} at {visit.state}: the records of the group are not in a"
                " history, a good group is made up"
            )

    _reloadpost = _loadpost

    def _checkquota(self, visit: Visit, one: Try) -> None:
        if _does(one) in _RAN:  # its call is made too
            later = visit.tries[visit.tries.index(one) + 1 :]
            one = next((other for other in later if _does(other) is None), one)
        answer = one.answer if isinstance(one.answer, dict) else {}
        quota: Json = {"call": "quota"}
        missing = {row["index"] for row in answer.get("pending", ())}
        if answer.get("next") == "create" and not self.has_begun:
            for index in sorted({*range(len(self.made.items))} - missing):
                self.missing(f"the container of item {index + 1}, which an earlier run had made")
        if "quota" in answer:
            self._quota(answer["quota"]["used"], answer["quota"]["total"])
        elif answer.get("asked") is False:
            self.missing("what kept the run from asking for the quota: it is not recorded")
        elif one.outcome == "succeeded":
            self.missing("the code of a rate limit at CheckQuota: it is not recorded, 4 is used")
            self.instagram.goes_wrong(quota, {"error": [4, None]})
        elif one.error == "QuotaExceededError":
            total = re.search(r"its (\d+) posts", suffix_of(one).sentence)
            posts = int(total[1]) if total else 100
            self._quota(posts, posts)
        elif _does(one) is None:
            self._refusal(quota, visit, one)

    def _quota(self, used: int, total: int) -> None:
        config = {"quota_total": total, "quota_duration": 86_400}
        body = {"data": [{"config": config, "quota_usage": used}]}
        self.instagram.goes_wrong({"call": "quota"}, {"status": 200, "body": body})

    def _createcontainer(self, visit: Visit, one: Try) -> None:
        self.has_begun = True
        if isinstance(one.answer, dict):
            self._made(str(one.answer["index"]), one)
        elif _does(one) is None:
            about = self._create(str(self._index(visit)))
            self._refusal(about, visit, one, delay_seconds=_LAST_SECONDS)

    def _createcarousel(self, visit: Visit, one: Try) -> None:
        if isinstance(one.answer, dict):
            self._made("parent", one)
        elif _does(one) is None:
            self._refusal(self._create("parent"), visit, one)

    def _made(self, container: str, one: Try) -> None:
        """A container that was made, with what became of it; or the refusal."""
        error = one.answer.get("error")
        if error:
            self.instagram.goes_wrong(self._create(container), _answer_of(error, one.message or ""))
            return
        fate = self.fates.of_container(container, one)
        if fate.guessed:
            self.missing(
                f"how long container {container} would have been worked on: longer than"
                f" {fate.seconds:.0f} s, {LONGER:g} times that is made up"
            )
        self.instagram.goes_wrong(self._create(container), fate.line)
        self.unfinished.add(container)

    def _create(self, container: str) -> Json:
        return {"call": "create", "match": self._match(container)}

    def _match(self, container: str) -> str:
        """A word by which the script knows a container."""
        if container == "parent":
            return self.made.caption[: len(WORD)]
        index = int(container)
        return file_name(self.made.items[index], index)

    def _checkstatus(self, visit: Visit, one: Try) -> None:
        """Looks that failed; what the others have seen is in the lines of what was made."""
        if isinstance(one.answer, dict) and "seen" in one.answer:
            for row in one.answer["seen"]:
                self._look(row["container"], row["status"])
            return
        if isinstance(one.answer, dict):
            self.missing("the code of a rate limit at CheckStatus: it is not recorded, 4 is used")
            self.instagram.goes_wrong(self._one_look(), {"error": [4, None]})
            return
        told = suffix_of(one)
        if told.call == "status" and told.code is not None:
            self._refusal(self._one_look(), visit, one)
        elif _does(one) in (None, *_RAN):
            for container in self.unfinished:
                self._look(container, "IN_PROGRESS")
            if _does(one) is None and told.call is None:
                self._unexplained(visit, one)

    def _one_look(self) -> Json:
        """The look of several at once that was refused: any will do, the others go well."""
        first, *others = sorted(self.unfinished) or ["0"]
        for container in others:
            self._look(container, "IN_PROGRESS")
        return {"call": "status", "match": self._match(first)}

    def _look(self, container: str, status: str | None) -> None:
        about = {"call": "status", "match": self._match(container)}
        if status is None:
            self.instagram.goes_wrong(about, {"status": 500, "body": ""})
            return
        self.instagram.goes_well(about)
        if status != "IN_PROGRESS":
            self.unfinished.discard(container)

    def _publish(self, visit: Visit, one: Try) -> None:
        call: Json = {"call": "publish"}
        if isinstance(one.answer, dict):
            if one.answer.get("next") == "waitForQuota":
                self.instagram.goes_wrong(call, {"error": [9, 2207042]})
            elif one.answer.get("next") == "published" and self.is_unclear:
                self.missing("who settled an unclear publish from outside, before a redrive")
        elif _does(one) is not None:
            self._publish_is_lost(visit, one)
        elif one.error == "CaptionBusyError":
            self.missing("the other post with the same caption that was being published")
        elif has_answer(one) and suffix_of(one).call == "publish":
            unclear = one.error == "PublishUncertainError"
            self._publish_fails(visit, one, self.fates.of_publish(one) if unclear else {})
            self.is_unclear |= unclear
        elif one.error == "PublishUncertainError":
            if not self.is_unclear:
                self.missing(f"what made {visit.state} unclear: it is not recorded")
        else:
            self._unexplained(visit, one)

    def _publish_fails(self, visit: Visit, one: Try, effect: Json) -> None:
        self.aws.goes_well(_GRAPH_PUBLISH)
        call: Json = {"call": "publish"}
        silent = NO_ANSWER.search(suffix_of(one).sentence)
        if silent is not None and "Timeout" in silent[1]:
            self.instagram.goes_wrong(call, {"answer": "hang", **effect})
        else:
            self._refusal(call, visit, one, **effect)

    def _publish_is_lost(self, visit: Visit, one: Try) -> None:
        """A publish step whose answer nobody has got; what it has done shows in the looks."""
        does, about = str(_does(one)), self._about(visit)
        if does in ("refused", "throttled"):
            self.aws.goes_wrong(about, {"does": does})
        elif does == "open":
            if self._was_stopped(one):
                self._publish_ends_at_its_call(one, "abort")
        elif not self.fates.was_sent(one):
            late = {"delay_seconds": self._until_next(one)}
            self.aws.goes_wrong(about, late if does in _RAN else {"does": does})
        elif does in _RAN:
            self.is_unclear = True
            self.aws.goes_wrong(about, {"does": does})
            self._publish_takes_effect(self.fates.of_publish(one))
        else:
            self.aws.goes_well(about)
            self._publish_ends_at_its_call(one, "kill")
            if does == "overruns":
                self.missing(f"why {visit.state} used up its time: it is killed instead")

    def _publish_ends_at_its_call(self, one: Try, way: Literal["abort", "kill"]) -> None:
        """Its process or its execution ends before the effect of the call, or before its answer."""
        self.is_unclear = True
        effect = self.fates.of_publish(one)
        when = "before" if effect["effect"] == "never" else "after"
        self.aws.goes_wrong(_GRAPH_PUBLISH, {"does": f"{way}_{when}"})
        if (way, when) != ("kill", "before"):  # a call of a stopped run comes to Instagram still
            self._publish_takes_effect(effect)

    def _publish_takes_effect(self, effect: Json) -> None:
        if effect != {"effect": "first"}:
            self.instagram.goes_wrong({"call": "publish"}, {"answer": "reset", **effect})

    def _until_next(self, one: Try) -> float:
        """So late that the next publish step has been and gone."""
        later = [
            (other.ended_at or other.scheduled_at) - one.scheduled_at
            for visit, other in self.fates.tries
            if visit.state == "Publish" and other.scheduled_at > one.scheduled_at
        ]
        return later[0].total_seconds() + 5 if later else 60.0

    def _reconcilepublish(self, visit: Visit, one: Try) -> None:
        if isinstance(one.answer, dict):
            self._look_for_post(one.answer.get("seen"))
            self.is_unclear = one.answer.get("next") == "look"
        elif _does(one) is None:
            told = suffix_of(one)
            call = _OF_LOOKS.get(told.call or "")
            if call is not None:
                about = {"match": self._match(self._sent())} if call == "status" else {}
                self._refusal({"call": call, **about}, visit, one)
            elif _UNREAD.search(told.sentence):
                self._look_for_post({"container": None, "postsRead": False})
            elif told.call != "publish":
                self._unexplained(visit, one)

    def _look_for_post(self, seen: Json | None) -> None:
        if seen is None:
            return
        self._look(self._sent(), seen["container"])
        if not seen["postsRead"] and seen["container"] is not None:
            self.instagram.goes_wrong({"call": "list"}, {"status": 500, "body": ""})
        elif seen["postsRead"]:
            self.instagram.goes_well({"call": "list"})
        if seen.get("posts", 0) > 1:
            self.missing("other posts of the account that were live then")

    def _sent(self) -> str:
        """The container of the publish call."""
        return "parent" if len(self.made.items) > 1 else "0"

    # Lines of the scripts

    def _refusal(self, about: Json, visit: Visit, one: Try, **more: Any) -> None:
        """The line for an error of Instagram, if it is one."""
        if has_answer(one):
            told = suffix_of(one)
            self.instagram.goes_wrong(about, {**_answer_of(told.fields, told.sentence), **more})
        else:
            self._unexplained(visit, one)

    def _unexplained(self, visit: Visit, one: Try) -> None:
        if one.error is not None and errors.of_name(one.error) is not None:
            self.missing(f"what led to {one.error} at {visit.state}: it is not recorded")


_GRAPH_PUBLISH: Final[Json] = {"service": "graph", "operation": "publish"}


def _does(one: Try) -> str | None:
    """What happened to an invocation as such: `open` when its end is not recorded, None for one
    that was answered.
    """
    if one.outcome == "timed_out":
        return "hang"
    if one.outcome == "open":
        return "open"
    return _AWS.get(one.error) if one.error is not None else None


def _answer_of(told: Mapping[str, Any], sentence: str) -> Json:
    """The answer behind an error, for the script of the simulated Instagram."""
    code, status = told.get("code"), told.get("httpStatus")
    if code is None:
        return {"status": status or 200, "body": ""} if status else {"answer": "reset"}
    line: Json = {"error": [code, told.get("subcode")]}
    if status is not None and status >= 400:
        line["http_status"] = status
    words = [row.text for row in TABLE if row.text is not None and row.text in sentence]
    return line | ({"message": words[0]} if words else {})


def _wanted(row: Mapping[str, Any]) -> Wanted:
    return Wanted(row["kind"], row["bytes"], row.get("shape"))


def _caption(characters: int, hashtags: int) -> str:
    """Words of this length with so many hashtags; at least the one that it is known by."""
    tags = "".join(f" #tag{number}" for number in range(hashtags))
    room = max(0, characters - len(WORD) - len(tags))
    filler = ("." + " again" * room)[:room]
    if filler.endswith(" "):
        filler = f"{filler[:-1]}s"
    return f"{WORD}{filler}{tags}"[: max(characters, len(WORD))]
