"""Calls that take less work are answered as plain moto answers them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox import aws, quick_expressions, quick_moto, quick_table
from sandbox.names import REGION, TABLE
from tests.unit.engine_lab import serving_aws

JsonObject = dict[str, Any]

SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSSM": "ssm", "AWSStepFunctions": "states"}
KEY = {"PK": {"S": "SESSION#1"}, "SK": {"S": "JOB#1"}}
EVERYTHING = {
    "text": {"S": "Größe"},
    "nothing": {"S": ""},
    "number": {"N": "3.50"},
    "bytes": {"B": "AAEC"},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "null": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "list": {"L": [{"S": "x"}, {"L": []}, {"M": {"deep": {"B": "AAEC"}}}]},
    "map": {"M": {"0": {"M": {"id": {"S": "178"}, "tries": {"N": "1"}}}, "1": {"M": {}}}},
}


def put(**attributes: Any) -> tuple[str, JsonObject]:
    return "PutItem", {"TableName": TABLE, "Item": KEY | attributes, "ReturnValues": "ALL_OLD"}


def update(expression: str, condition: str | None = None, **values: Any) -> tuple[str, JsonObject]:
    names = {"#m": "map", "#l": "list", "#n": "number"}
    texts = [expression, condition or ""]
    body: JsonObject = {
        "TableName": TABLE,
        "Key": KEY,
        "UpdateExpression": expression,
        "ReturnValues": "ALL_NEW",
        "ExpressionAttributeNames": {
            name: where for name, where in names.items() if any(name in text for text in texts)
        },
    }
    if values:
        body["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    return "UpdateItem", body | ({"ConditionExpression": condition} if condition else {})


def transact(*writes: JsonObject) -> tuple[str, JsonObject]:
    named = [
        {kind: body | {"TableName": TABLE} for kind, body in write.items()} for write in writes
    ]
    return "TransactWriteItems", {"TransactItems": named}


class Query(tuple[str, JsonObject]):
    """A call to which more can be added."""

    def __or__(self, more: JsonObject) -> Query:
        return Query((self[0], self[1] | more))


def query(condition: str, **values: Any) -> Query:
    body: JsonObject = {
        "TableName": TABLE,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
    }
    return Query(("Query", body))


GET = ("GetItem", {"TableName": TABLE, "Key": KEY})
CALLS: dict[str, list[tuple[str, JsonObject]]] = {
    "an item with everything is put, got, and replaced": [put(**EVERYTHING), GET, put(), GET],
    "an item is set, counted, appended to and removed from": [
        put(**EVERYTHING),
        update(
            "SET #m.#n = :v, #l[1] = list_append(#l, :l), another = if_not_exists(#n, :v)"
            " REMOVE texts ADD numbers :a, #n :v",
            v={"N": "7"},
            l={"L": [{"S": "y"}]},
            a={"NS": ["9"]},
        ),
        update("REMOVE #l[0], #l[2] DELETE numbers :d", d={"NS": ["1"]}),
        GET,
    ],
    "the same words again, with other values": [
        *(update("SET #n = :v", v={"N": number}) for number in ("1", "2", "3")),
        GET,
    ],
    "an item that was not there comes to be": [update("SET #m = :v", v={"M": {}}), GET],
    "a condition is met and is not": [
        put(number={"N": "3"}),
        update("SET #n = :v", "#n = :old", v={"N": "4"}, old={"N": "3"}),
        update("SET #n = :v", "#n = :old", v={"N": "5"}, old={"N": "3"}),
        GET,
    ],
    "one write of a transaction cannot be": [
        put(),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"TableName": TABLE, "Item": KEY | {"SK": {"S": "other"}}}},
                    {
                        "ConditionCheck": {
                            "TableName": TABLE,
                            "Key": KEY,
                            "ConditionExpression": "attribute_not_exists(PK)",
                        }
                    },
                ]
            },
        ),
        query("PK = :p", p=KEY["PK"]),
    ],
    "a transaction that is cancelled leaves everything as it was": [
        put(number={"N": "1"}, map={"M": {"a": {"S": "x"}}}),
        *(
            ("PutItem", {"TableName": TABLE, "Item": KEY | {"SK": {"S": name}}})
            for name in ("gone", "kept")
        ),
        transact(
            {"Put": {"Item": KEY | {"SK": {"S": "new"}}}},
            {"Put": {"Item": KEY | {"SK": {"S": "gone"}, "number": {"N": "2"}}}},
            {"Delete": {"Key": KEY | {"SK": {"S": "kept"}}}},
            {
                "Update": {
                    "Key": KEY,
                    "UpdateExpression": "SET #m.b = :v",
                    "ConditionExpression": "attribute_not_exists(PK)",
                    "ExpressionAttributeNames": {"#m": "map"},
                    "ExpressionAttributeValues": {":v": {"S": "y"}},
                }
            },
        ),
        query("PK = :p", p=KEY["PK"]),
    ],
    "a transaction takes effect": [
        put(number={"N": "1"}, map={"M": {"a": {"S": "x"}}}),
        transact(
            {"Put": {"Item": KEY | {"SK": {"S": "new"}}}},
            {
                "Update": {
                    "Key": KEY,
                    "UpdateExpression": "SET #m.b = :v ADD #n :n",
                    "ConditionExpression": "attribute_exists(PK)",
                    "ExpressionAttributeNames": {"#m": "map", "#n": "number"},
                    "ExpressionAttributeValues": {":v": {"S": "y"}, ":n": {"N": "1"}},
                }
            },
        ),
        transact({"Put": {"Item": {"PK": {"S": "only half of a key"}}}}),
        transact({"Delete": {"Key": KEY}}, {"Delete": {"Key": KEY}}),
        query("PK = :p", p=KEY["PK"]),
    ],
    "some of a table are asked for, in pages, backwards, and by the index": [
        *(
            (
                "PutItem",
                {
                    "TableName": TABLE,
                    "Item": {
                        "PK": {"S": f"SESSION#{place % 2}"},
                        "SK": {"S": f"GROUP#{7 * place % 10}"},
                        "updatedAt": {"S": f"{3 * place % 10}"},
                        **({"openJob": {"S": "open"}} if place % 3 else {}),
                    },
                },
            )
            for place in range(10)
        ),
        query("PK = :p AND begins_with(SK, :s)", p=KEY["PK"], s={"S": "GROUP#"}),
        query("PK = :p", p=KEY["PK"]) | {"Limit": 2, "ScanIndexForward": False},
        query("PK = :p", p=KEY["PK"])
        | {"Limit": 2, "ExclusiveStartKey": KEY | {"SK": {"S": "GROUP#3"}}},
        query("PK = :p", p={"S": "SESSION#none"}),
        query("openJob = :o", o={"S": "open"}) | {"IndexName": "open-jobs"},
        query("openJob = :o AND updatedAt > :u", o={"S": "open"}, u={"S": "5"})
        | {"IndexName": "open-jobs", "Limit": 2},
        query("openJob = :o", o={"S": "closed"}) | {"IndexName": "open-jobs"},
    ],
    "an update tells what was and what is": [
        put(**EVERYTHING),
        *(
            (
                "UpdateItem",
                update("SET #m.#n = :v ADD #n :v", v={"N": "7"})[1] | {"ReturnValues": wanted},
            )
            for wanted in ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW")
        ),
        GET,
    ],
    "an expression that is none": [
        put(),
        update("SET #n = #n = :v", v={"N": "4"}),
        update("SET #n = :v SET #n = :v", v={"N": "4"}),
        update("SET #n = :v, #n = :v", v={"N": "4"}),
        update("SET PK = :v", v={"S": "x"}),
        update("SET #n = :other", v={"N": "4"}),
        update("ADD #n :v", v={"L": []}),
    ],
    "a table, a parameter and a machine that are not there": [
        ("GetItem", {"TableName": "none", "Key": KEY}),
        ("AmazonSSM.GetParameter", {"Name": "/none"}),
        ("AWSStepFunctions.DescribeExecution", {"executionArn": "arn:aws:none"}),
        ("AWSStepFunctions.NoSuchOperation", {}),
    ],
    "parameters": [
        ("AmazonSSM.PutParameter", {"Name": "/a", "Value": "1", "Type": "String"}),
        ("AmazonSSM.PutParameter", {"Name": "/a", "Value": "1", "Type": "String"}),
        ("AmazonSSM.GetParametersByPath", {"Path": "/b"}),
    ],
    "an item that is too big": [
        put(text={"S": "x" * 400_000}),
        put(text={"S": "x" * 300_000}, other={"S": "x" * 200_000}),
        update("SET #n = :v", v={"S": "x" * 200_000}),
        GET,
    ],
}


@pytest.fixture
def server() -> Iterator[aws.Aws]:
    with serving_aws() as running:
        yield running


@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_a_call_is_answered_as_by_plain_moto(
    server: aws.Aws, calls: list[tuple[str, JsonObject]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "_SERVICES", {})
        plain = answers(server, calls)
    with pytest.MonkeyPatch.context() as patch:
        for module in (quick_moto, quick_expressions, quick_table):
            module.install(replacing(patch))
        quick = answers(server, calls)

    assert quick == plain


def answers(server: aws.Aws, calls: list[tuple[str, JsonObject]]) -> list[tuple[object, ...]]:
    """What the calls are answered, in a table of their own."""
    aws.forget()
    server.create_resources('{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}', {})
    return [call(server, operation, body) for operation, body in calls]


def call(server: aws.Aws, operation: str, body: JsonObject) -> tuple[object, ...]:
    """Status, kind and text of an answer; without a prefix, the operation is one of DynamoDB."""
    target = operation if "." in operation else f"DynamoDB_20120810.{operation}"
    service = SERVICES[target.partition(".")[0]]
    scope = f"test/20260101/{REGION}/{service}/aws4_request"
    answer = httpx.post(
        server.origin,
        content=json.dumps(body),
        headers={
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, Signature=none",
            "X-Amz-Target": target,
            "Content-Type": "application/x-amz-json-1.0",
        },
    )
    return answer.status_code, answer.headers["content-type"], answer.text


def replacing(patch: pytest.MonkeyPatch) -> quick_moto.Replace:
    def replace(owner: Any, name: str, value: Any) -> Any:
        before = vars(owner).get(name)
        patch.setattr(owner, name, value, raising=False)
        return before

    return replace
