"""Topics that can't be read as they are declared, what clients are told, and the same words in YAML."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from lakehouse.ingestion import InvalidFormatError, KafkaTopics, MissingSecretError, kafka_schema, payload
from lakehouse.pipelines import from_kafka, read_yaml_definition

ORDERS = KafkaTopics(
    servers="one:9092,two:9092",
    topics=("orders",),
    value=payload("json", {"columns": {"id": "bigint"}}),
    security="sasl_ssl",
    mechanism="SCRAM-SHA-512",
    user="env:STREAM_USER",
    password="env:STREAM_PASSWORD",
    client={"ssl.truststore.location": "/etc/trust.jks", "ssl.truststore.password": "env:TRUST"},
)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"servers": "one"}, "servers are expected as host:port"),
        ({"servers": "u:hunter2@one:9092"}, "servers are expected as host:port"),
        ({"topics": ()}, "one topic or several different ones"),
        ({"topics": ("a", "a")}, "one topic or several different ones"),
        ({"key": "json"}, "key='json' is unknown"),
        ({"starting": "yesterday"}, "starting='yesterday' is no time"),
        ({"max_offsets": 0}, "max_offsets=0"),
        ({"on_loss": "ignore"}, "on_loss='ignore' is unknown"),
        ({"password": ""}, "a user and a password go together"),
        ({"password": "hunter2"}, "a secret is given by its value"),
        ({"security": "ssl"}, "security='ssl' and a user don't go together"),
        ({"client": {"ssl.key.password": "hunter2"}}, "'ssl.key.password' is a secret, given by its value"),
        ({"client": {"group.id": "g"}}, "'group.id' is not to be given"),
        ({"value": payload("json", {})}, "the payload has no columns"),
        ({"value": payload("json", {"columns": {"_offset": "int"}})}, "is one of the record's own"),
        ({"value": payload("json", {"columns": {"id": "serial"}})}, "the type of the column 'id' is wrong"),
        ({"value": payload("csv", {"columns": {"a": "int"}, "delimiter": ""})}, "the delimiter is empty"),
        ({"value": payload("avro", {"columns": {"a": "int"}, "schema": "{"})}, "Avro schema is not JSON"),
    ],
)
def test_a_declaration_that_can_not_be_read_is_a_problem(change: dict[str, object], problem: str) -> None:
    found = " ".join(map(str, dataclasses.replace(ORDERS, **change).problems()))  # type: ignore[arg-type]
    assert problem in found
    assert "hunter2" not in found
    assert list(ORDERS.problems()) == []


def test_an_unknown_payload_or_option_is_refused_with_the_nearest_word() -> None:
    with pytest.raises(InvalidFormatError, match=r"no payload 'jsn'.*'json'"):
        payload("jsn", {})
    with pytest.raises(InvalidFormatError, match=r"'csv' has no option 'delimeter'.*'delimiter'"):
        payload("csv", {"delimeter": ";"})


def test_secrets_are_read_when_a_client_is_made_and_quoted_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingSecretError, match="env:STREAM_USER"):
        ORDERS.client_options()
    for name, value in {"STREAM_USER": "me", "STREAM_PASSWORD": 'aa"bb\\cc', "TRUST": "trust-4711"}.items():
        monkeypatch.setenv(name, value)
    assert ORDERS.client_options() == {
        "bootstrap.servers": "one:9092,two:9092",
        "isolation.level": "read_committed",
        "default.api.timeout.ms": "30000",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required"
        ' username="me" password="aa\\"bb\\\\cc";',
        "ssl.truststore.location": "/etc/trust.jks",
        "ssl.truststore.password": "trust-4711",
    }
    assert 'aa"bb' not in repr(ORDERS)


def test_a_time_to_start_at_is_utc_where_it_names_no_zone() -> None:
    for text in ("2024-01-31T12:00", "2024-01-31T12:00Z", "2024-01-31T14:00+02:00"):
        assert dataclasses.replace(ORDERS, starting=text).starting_ms == 1_706_702_400_000


def test_the_schema_has_the_payloads_columns_and_then_those_of_the_record() -> None:
    types = [(field.name, field.dataType.simpleString()) for field in kafka_schema(ORDERS).fields]
    assert types == [
        ("id", "bigint"),
        ("_key", "string"),
        ("_headers", "array<struct<key:string,value:binary>>"),
        ("_topic", "string"),
        ("_partition", "int"),
        ("_offset", "bigint"),
        ("_timestamp", "timestamp"),
        ("_tombstone", "boolean"),
        ("_ingested_at", "timestamp"),
        ("_rescued_data", "string"),
    ]


def test_yaml_and_python_declare_the_same_topics(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "name: p\ntables:\n  - name: orders\n    layer: bronze\n    flow:\n      from_kafka:\n"
        "        servers: one:9092\n        topic: [orders, refunds]\n        value: csv\n"
        "        columns: {id: bigint, at: timestamp}\n        options: {delimiter: ;}\n"
        "        max_offsets: 500\n        starting: latest\n        user: env:U\n        password: env:P\n"
        "        security: sasl_ssl\n        client: {fetch.max.bytes: '1000'}\n"
    )
    (table,) = read_yaml_definition(path).tables
    in_python = from_kafka(
        "one:9092",
        ["orders", "refunds"],
        value="csv",
        columns={"id": "bigint", "at": "timestamp"},
        options={"delimiter": ";"},
        max_offsets=500,
        starting="latest",
        user="env:U",
        password="env:P",
        security="sasl_ssl",
        client={"fetch.max.bytes": "1000"},
    )
    assert table.flow.source == in_python.source
    assert table.flow.write_mode == in_python.write_mode
