"""The JSON of the actions, held against lines as the protocol and other engines write them."""

from __future__ import annotations

import json

import pytest

from lakehouse.delta_log import (
    Action,
    AddCDCFile,
    AddFile,
    CheckpointMetadata,
    CommitInfo,
    DeletionVectorDescriptor,
    DomainMetadata,
    MetadataChange,
    ProtocolChange,
    RemoveFile,
    SetTransaction,
    Sidecar,
)
from lakehouse.delta_log.actions import decode_actions, encode_actions
from lakehouse.delta_log.errors import MalformedLogError

VECTOR = DeletionVectorDescriptor(
    storage_type="u", path_or_inline="ab^-aqEH.-t@S}K{vb[*k^", offset=4, size_bytes=40, cardinality=6
)
PAIRS: list[tuple[Action, dict]] = [
    (
        AddFile(
            path="date=2017-12-10/part-000%20.parquet",
            partition_values={"date": "2017-12-10", "nothing": None},
            size_bytes=841454,
            modified_ms=1512909768000,
            data_change=True,
            stats='{"numRecords":1}',
            deletion_vector=VECTOR,
            base_row_id=4071,
            default_row_commit_version=41,
        ),
        {
            "add": {
                "path": "date=2017-12-10/part-000%20.parquet",
                "partitionValues": {"date": "2017-12-10", "nothing": None},
                "size": 841454,
                "modificationTime": 1512909768000,
                "dataChange": True,
                "stats": '{"numRecords":1}',
                "deletionVector": {
                    "storageType": "u",
                    "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^",
                    "offset": 4,
                    "sizeInBytes": 40,
                    "cardinality": 6,
                },
                "baseRowId": 4071,
                "defaultRowCommitVersion": 41,
            }
        },
    ),
    (
        RemoveFile(path="a", deleted_ms=1515488792485, data_change=True, extended_file_metadata=False),
        {
            "remove": {
                "path": "a",
                "deletionTimestamp": 1515488792485,
                "dataChange": True,
                "extendedFileMetadata": False,
            }
        },
    ),
    (
        MetadataChange(id="af23c9d7", schema_string="{}", created_ms=1),
        {
            "metaData": {
                "id": "af23c9d7",
                "format": {"provider": "parquet", "options": {}},
                "schemaString": "{}",
                "partitionColumns": [],
                "createdTime": 1,
                "configuration": {},
            }
        },
    ),
    (
        ProtocolChange(
            min_reader_version=3,
            min_writer_version=7,
            reader_features=["columnMapping"],
            writer_features=["columnMapping"],
        ),
        {
            "protocol": {
                "minReaderVersion": 3,
                "minWriterVersion": 7,
                "readerFeatures": ["columnMapping"],
                "writerFeatures": ["columnMapping"],
            }
        },
    ),
    (
        SetTransaction(application_id="3ba13872", version=364475),
        {"txn": {"appId": "3ba13872", "version": 364475}},
    ),
    (
        AddCDCFile(path="_change_data/cdc.parquet", partition_values={}, size_bytes=1213),
        {
            "cdc": {
                "path": "_change_data/cdc.parquet",
                "partitionValues": {},
                "size": 1213,
                "dataChange": False,
            }
        },
    ),
    (
        DomainMetadata(domain="delta.clustering", configuration="{}", removed=False),
        {"domainMetadata": {"domain": "delta.clustering", "configuration": "{}", "removed": False}},
    ),
    (
        Sidecar(path="016ae953.parquet", size_bytes=2304522, modified_ms=1512909768000),
        {
            "sidecar": {
                "path": "016ae953.parquet",
                "sizeInBytes": 2304522,
                "modificationTime": 1512909768000,
            }
        },
    ),
    (CheckpointMetadata(version=1), {"checkpointMetadata": {"version": 1}}),
    (
        CommitInfo(timestamp_ms=7, operation="WRITE", is_blind_append=True, extra={"userId": 100}),
        {"commitInfo": {"timestamp": 7, "operation": "WRITE", "isBlindAppend": True, "userId": 100}},
    ),
]
IDS = [next(iter(line)) for _, line in PAIRS]


@pytest.mark.parametrize(("action", "line"), PAIRS, ids=IDS)
def test_an_action_is_written_as_the_protocol_spells_it(action: Action, line: dict) -> None:
    assert [json.loads(text) for text in encode_actions([action]).splitlines()] == [line]


@pytest.mark.parametrize(("action", "line"), PAIRS, ids=IDS)
def test_a_line_of_the_protocol_is_read_as_its_action(action: Action, line: dict) -> None:
    assert decode_actions(json.dumps(line).encode(), source="0.json") == [action]


def test_actions_keep_their_order_and_blank_lines_are_ignored() -> None:
    body = b"\n".join(json.dumps(line).encode() for _, line in PAIRS).replace(b"\n", b"\r\n\n")
    assert decode_actions(body, source="0.json") == [action for action, _ in PAIRS]


def test_unknown_actions_and_unknown_fields_are_passed_over() -> None:
    body = b'{"novelty":{"x":[1]}}\n{"txn":{"appId":"a","version":1,"novelty":{"deep":[{}]}}}\n'
    assert decode_actions(body, source="0.json") == [SetTransaction(application_id="a", version=1)]


def test_commit_info_keeps_whatever_json_it_finds() -> None:
    found = {"timestamp": "not a number", "operationMetrics": {"numFiles": "1"}, "tags": [1, {"a": None}]}
    [info] = decode_actions(json.dumps({"commitInfo": found}).encode(), source="0.json")
    assert isinstance(info, CommitInfo)
    assert info.timestamp_ms is None
    assert json.loads(encode_actions([info])) == {"commitInfo": found}


def test_the_in_commit_timestamp_is_written_first() -> None:
    info = CommitInfo(timestamp_ms=1, operation="WRITE", in_commit_timestamp_ms=2)
    assert next(iter(json.loads(encode_actions([info]))["commitInfo"])) == "inCommitTimestamp"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'{"txn":{"appId":"a","version":1}}\n{"txn":{"appId":"a"', 2),
        (b'\n{"txn":{"appId":"a"}}', 2),
        (b'{"txn":{"appId":"a","version":"1"}}', 1),
        (b'{"txn":{"appId":"a","version":9223372036854775808}}', 1),
        (b'{"add":{"path":"a","size":1}}', 1),
        (b'{"txn":{"appId":"\xff","version":1}}', 1),
        (b'{"unknown":' + b"[" * 100_000, 1),
        (b"[]", 1),
        (b"\x00\x01", 1),
    ],
)
def test_a_bad_line_is_named_in_the_error(body: bytes, line: int) -> None:
    with pytest.raises(MalformedLogError) as caught:
        decode_actions(body, source="file:///t/_delta_log/0.json")
    assert caught.value.line == line
    assert f"file:///t/_delta_log/0.json:{line}" in str(caught.value)


def test_the_id_of_a_deletion_vector_has_its_offset() -> None:
    assert VECTOR.unique_id == "uab^-aqEH.-t@S}K{vb[*k^@4"
    inline = DeletionVectorDescriptor(storage_type="i", path_or_inline="wi5b", size_bytes=4, cardinality=1)
    assert inline.unique_id == "iwi5b"
