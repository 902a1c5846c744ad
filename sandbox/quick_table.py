"""What plain moto does with a whole table for one call, done with the items that it is about.

A transaction copies all tables that it writes to, to have them back when it is cancelled, and a
query sorts all items of its table. With some hundred posts that is most of a sandbox's work.
Answers stay the same to the byte, as with `quick_moto`.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from moto.dynamodb import models, responses
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

Replace = Callable[[Any, str, Any], Any]
"""Sets an attribute of an owner, and returns what stood there."""


def install(replace: Replace) -> None:
    """Put everything in place."""
    _Copies(replace)
    _queries(replace)


class _Copies:
    """Nothing is copied that nobody looks at.

    A transaction keeps the items that it writes to. An update copies its item for the table's
    stream, if it has one, and for the answer, which is made of another copy.
    """

    def __init__(self, replace: Replace) -> None:
        self._call = threading.local()
        replace(models, "copy", SimpleNamespace(deepcopy=self._copy))
        replace(responses, "copy", SimpleNamespace(deepcopy=lambda item: item))
        self._update = replace(DynamoDBBackend, "update_item", self._updating())
        self._transact = replace(DynamoDBBackend, "transact_write_items", self._transacting())

    def _copy(self, value: Any) -> Any:
        if isinstance(value, Table) or not self._call.has_stream:
            return value
        return copy.deepcopy(value)

    def _updating(self) -> Callable[..., Any]:
        def update_item(backend: Any, table_name: str, *args: Any, **kwargs: Any) -> Any:
            self._call.has_stream = backend.get_table(table_name).stream_shard is not None
            return self._update(backend, table_name, *args, **kwargs)

        return update_item

    def _transacting(self) -> Callable[..., None]:
        def transact_write_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
            kept = [place for item in transact_items for place in _places(backend, item)]
            try:
                self._transact(backend, transact_items)
            except Exception:
                for place in kept:
                    place.restore()
                raise

        return transact_write_items


class _Place:
    """Where an item stands in a table, or none does."""

    def __init__(self, table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> None:
        by_key: Any = table.items
        self._items = by_key[hash_key] if range_key is not None else by_key
        self._key = range_key if range_key is not None else hash_key
        self._item = copy.deepcopy(self._items.get(self._key))

    def restore(self) -> None:
        if self._item is None:
            self._items.pop(self._key, None)
        else:
            self._items[self._key] = self._item


def _places(backend: Any, transact_item: dict[str, Any]) -> Iterable[_Place]:
    """Of what a write names, where it can be told."""
    for operation in transact_item.values():
        table = backend.tables.get(operation.get("TableName"))
        named = operation.get("Key") or operation.get("Item") or {}
        if table is not None and all(name in named for name in table.table_key_attrs):
            keys = [DynamoType(named[name]) for name in table.table_key_attrs]
            yield _Place(table, keys[0], keys[1] if len(keys) > 1 else None)


def _queries(replace: Replace) -> None:
    """Look only at the items with the hash key that is asked for."""

    def query(table: Table, hash_key: Any, *args: Any, **kwargs: Any) -> Any:
        found = _found(table, hash_key, _index_of(args, kwargs), kwargs.get("hash_key_conditions"))
        if found is None:
            return whole(table, hash_key, *args, **kwargs)
        narrow = copy.copy(table)
        vars(narrow)["all_items"] = lambda: found
        return whole(narrow, hash_key, *args, **kwargs)

    whole = replace(Table, "query", query)


_INDEX_NAME = 6
"""Its place among the arguments of `Table.query` after the hash key."""


def _index_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    name: str | None = args[_INDEX_NAME] if len(args) > _INDEX_NAME else kwargs.get("index_name")
    return name


def _found(
    table: Table,
    hash_key: DynamoType | None,
    index_name: str | None,
    conditions: list[tuple[str, DynamoType]] | None,
) -> list[Item] | None:
    """The items that a query is about, in the order of `Table.all_items`; None: look at all."""
    if not table.range_key_attr:
        return None
    by_key: Any = table.items
    if index_name is None and hash_key is not None:
        return sorted(by_key.get(hash_key, {}).values(), key=lambda item: item.range_key.cast_value)
    if index_name is None or not conditions:
        return None
    items = (item for items in by_key.values() for item in items.values())
    found = [item for item in items if _meets(item, conditions)]
    return sorted(found, key=lambda item: (item.hash_key, item.range_key))


def _meets(item: Item, conditions: list[tuple[str, DynamoType]]) -> bool:
    return all(name in item.attrs and item.attrs[name] == value for name, value in conditions)
