"""What plain moto does again and again for each call, done once or not at all.

Answers stay the same to the byte, which tests show; the calls of a run take half as long.
"""

from __future__ import annotations

import base64
import copy
import functools
import string
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.model import MapShape, Shape, StructureShape
from moto.core import responses, serialize
from moto.core.serialize import AttributePicker, ResponseSerializer
from moto.dynamodb import responses as responses_of_items
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import utilities
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.utilities import dynamo_to_dict as in_full_as_answer
from moto.moto_api._internal.moto_random import MotoRandom
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.eval import environment, states
from moto.stepfunctions.parser.asl.eval.event import event_manager

Replace = Callable[[Any, str, Any], Any]
"""Sets an attribute of an owner, and returns what stood there."""

_INSTANTS = 4096
_UNCHANGING = {str, int, float, bool, type(None)}
_MOST_BYTES = 405_000
"""Of an item, as in `LimitedSizeDict`."""


def install(replace: Replace) -> None:
    """Put everything in place."""
    _names_of_actions(replace)
    _answers(replace)
    _instants(replace)
    _random_words(replace)
    _documents(replace)
    _items(replace)


def _names_of_actions(replace: Replace) -> None:
    """Look for the methods of a service once, not at each call."""
    look = vars(responses)["method_names_from_class"]
    replace(responses, "method_names_from_class", functools.cache(look))


def _answers(replace: Replace) -> None:
    """Look only at what a nested structure has, not at each member that its shape allows.

    An attribute of DynamoDB has one of eleven members, an event of a history three of sixty; plain
    moto tries several spellings of all of them, 20 ms for the record of a post with ten items. An
    attribute is in the form of an answer already when it comes here, except for bytes.
    """

    def serialize_structure(
        serializer: Any, serialized: Any, value: Any, shape: StructureShape, key: str
    ) -> None:
        if shape.name == "AttributeValue" and not _holds_bytes(value):
            serializer._default_serialize(serialized, value, shape, key)
            return
        members = shape.members
        picker = serializer._value_picker
        is_flat = type(serializer)._serialize_structure_member is of_one_place
        takes_as_it_is = (  # what REST answers goes into body or headers
            is_flat and isinstance(picker, AttributePicker) and not picker.response_transformers
        )
        if (
            not isinstance(value, dict)
            or not value.keys() <= members.keys()
            or not (key or takes_as_it_is)
        ):
            in_full(serializer, serialized, value, shape, key)
            return
        wrapper = serializer.MAP_TYPE() if key else serialized
        for name in value if key else [name for name in members if name in value]:
            member = value[name]
            vars(members[name])["parent"] = shape
            if not takes_as_it_is:
                serializer._serialize_structure_member(wrapper, value, members[name], name)
            elif member is not None and is_item(members[name]) and not _holds_bytes(member):
                serializer._default_serialize(wrapper, member, members[name], name)
            elif member is not None:
                serializer._serialize(wrapper, member, members[name], name)
        if key:
            serializer._default_serialize(serialized, wrapper, shape, key)

    @functools.cache
    def is_item(shape: Shape) -> bool:
        """Attributes by name."""
        return isinstance(shape, MapShape) and shape.value.name == "AttributeValue"

    of_one_place = ResponseSerializer._serialize_structure_member
    in_full = replace(ResponseSerializer, "_serialize_type_structure", serialize_structure)


def _holds_bytes(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return any(map(_holds_bytes, value.values()))
    if kind is list:
        return any(map(_holds_bytes, value))
    return kind not in _UNCHANGING and isinstance(value, bytes)


def _instants(replace: Replace) -> None:
    """Read the ISO 8601 of the interpreter's events as such, not as any way to write a date."""

    @functools.lru_cache(_INSTANTS)
    def read(text: str) -> datetime:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            return in_any_way(text)  # type: ignore[no-any-return]  # moto's own
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

    def parse(value: Any) -> datetime:
        return read(value) if isinstance(value, str) else in_any_way(value)

    in_any_way = replace(serialize, "parse_to_aware_datetime", parse)


def _random_words(replace: Replace) -> None:
    """Draw the letters of a request's id in one go."""

    def get_random_string(source: Any, length: int = 20, *how: Any, **named: Any) -> Any:
        if how or named:
            return letter_by_letter(source, length, *how, **named)
        return "".join(source.choices(string.ascii_letters + string.digits, k=length))

    letter_by_letter = replace(MotoRandom, "get_random_string", get_random_string)


def _documents(replace: Replace) -> None:
    """Copy the JSON of a run as such; whatever else is in it is copied as ever."""
    quick = SimpleNamespace(deepcopy=_copied_document)
    for module in (environment, states, event_manager, string_expression):
        replace(module, "copy", quick)


def _copied_document(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {name: _copied_document(member) for name, member in value.items()}
    if kind is list:
        return [_copied_document(member) for member in value]
    return value if kind in _UNCHANGING else copy.deepcopy(value)


def _items(replace: Replace) -> None:
    """Measure an item when it is whole, not after each attribute; copy only what can change."""
    replace(Item, "__init__", _create)
    replace(DynamoType, "__deepcopy__", lambda attribute, _memo: _copied(attribute))
    replace(DynamoType, "to_regular_json", _as_json)
    replace(DynamoType, "__init__", _typed)
    replace(LimitedSizeDict, "__setitem__", _set_attribute)
    for module in (responses_of_items, utilities):
        replace(module, "dynamo_to_dict", _as_answer)


def _typed(attribute: DynamoType, given: DynamoType | dict[str, Any]) -> None:
    if type(given) is DynamoType:
        attribute.type, value = given.type, given.value
    else:
        attribute.type, value = next(iter(given.items()))  # type: ignore[union-attr]
    if attribute.type == "M":
        value = {name: DynamoType(member) for name, member in value.items()}
    elif attribute.type == "L":
        value = [DynamoType(member) for member in value]
    attribute.value = value


def _set_attribute(attributes: LimitedSizeDict, name: str, value: Any) -> None:
    """Measure all of them only when so much has been set that they could be too big."""
    room = vars(attributes).get("room", 0) - _size(name) - _size(value)
    if room < 0:
        room = _MOST_BYTES - sum(map(_size, [*attributes, *attributes.values(), name, value]))
    if room < 0:
        raise ItemSizeTooLarge
    vars(attributes)["room"] = room
    dict.__setitem__(attributes, name, value)


def _size(value: Any) -> int:
    if type(value) is DynamoType:
        return int(value.size())
    return len(value if isinstance(value, bytes) else str(value).encode())


def _as_answer(value: Any) -> Any:
    """Attributes as they stand in an answer."""
    kind = type(value)
    if kind is DynamoType:
        if value.type in ("B", "BS"):
            return in_full_as_answer(value)
        return {value.type: _as_answer(value.value)}
    if kind is dict:
        return {name: _as_answer(member) for name, member in value.items()}
    if kind is list:
        return [_as_answer(member) for member in value]
    return value if kind in _UNCHANGING else in_full_as_answer(value)


def _create(item: Item, hash_key: DynamoType, range_key: Any, attrs: dict[str, Any]) -> None:
    item.hash_key = hash_key
    item.range_key = range_key
    item.attrs = LimitedSizeDict()
    for name, value in attrs.items():
        dict.__setitem__(item.attrs, name, DynamoType(value))
    if item.size() > _MOST_BYTES:
        raise ItemSizeTooLarge


def _copied(value: Any) -> Any:
    if isinstance(value, DynamoType):
        result = DynamoType.__new__(DynamoType)
        result.type, result.value = value.type, _copied(value.value)
        return result
    return _each(_copied, value)


def _as_json(value: Any) -> Any:
    if isinstance(value, DynamoType):
        inner = _as_json(value.value)
        is_text_of_bytes = value.is_binary() and isinstance(inner, str)
        return {value.type: base64.b64decode(inner) if is_text_of_bytes else inner}
    return _each(_as_json, value)


def _each(work: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, dict):
        return {name: work(member) for name, member in value.items()}
    return [work(member) for member in value] if isinstance(value, list) else value
