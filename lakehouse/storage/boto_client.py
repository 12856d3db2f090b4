"""Objects of S3 by boto3: it names any key that S3 has, also those that obstore refuses (``a//b``, a tab)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lakehouse.optional_imports import require
from lakehouse.storage.errors import AccessDeniedError, NotFoundError, ObjectChangedError, UnreachableError
from lakehouse.storage.object_client import Found, Part
from lakehouse.storage.obstore_errors import error_of_answer
from lakehouse.storage.outcomes import ObjectStat
from lakehouse.storage.retries import RetryPolicy

__all__ = ["BotoClient", "is_odd"]

_PURPOSE = "A key of S3 that obstore can't name"
_ODD = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\x00-\x1f\x7f]")


def is_odd(key: str) -> bool:
    """Say whether obstore refuses the key: for an empty, '.' or '..' segment, or for a control character."""
    return _ODD.search(key) is not None


@dataclass(frozen=True, kw_only=True)
class BotoClient:
    """What an ``ObjectClient`` reads, lists and deletes; nothing is written under an odd key."""

    name: str
    """For errors."""
    bucket: str
    prefix: str
    region: str | None
    endpoint: str | None
    policy: RetryPolicy

    def get(self, key: str) -> bytes:
        with self._asking(key, "read"):
            body: bytes = self._boto.get_object(**self._at(key))["Body"].read()
            return body

    def get_part(self, key: str, start: int, length: int, *, etag: str) -> Part:
        condition = {"IfMatch": f'"{etag}"'} if etag else {}
        with self._asking(key, "read"):
            try:
                wanted = f"bytes={start}-{start + length - 1}"
                answer = self._boto.get_object(**self._at(key), Range=wanted, **condition)
            except self._errors.ClientError as error:
                match _status(error):
                    case 412:
                        raise ObjectChangedError(store=self.name, key=key) from None
                    case 416:
                        return Part(body=b"", etag="", size_bytes=0)
                raise
            size = int(answer["ContentRange"].rpartition("/")[2])
            return Part(body=answer["Body"].read(), etag=answer["ETag"].strip('"'), size_bytes=size)

    def head(self, key: str) -> Found | None:
        try:
            with self._asking(key, "stat"):
                answer = self._boto.head_object(**self._at(key))
        except NotFoundError:
            return None
        return Found(stat=_stat(key, answer["ContentLength"], answer), write_id="")

    def delete(self, key: str) -> None:
        with self._asking(key, "delete"):
            self._boto.delete_object(**self._at(key))

    def list(self, folder: str, *, start_after: str) -> list[ObjectStat]:
        root = f"{self.prefix}/" if self.prefix else ""
        below = f"{root}{folder}/" if folder else root
        where = {"Bucket": self.bucket, "Prefix": below}
        if start_after:
            where["StartAfter"] = root + start_after
        with self._asking(folder, "list"):
            pages = self._boto.get_paginator("list_objects_v2").paginate(**where)
            found = [each for page in pages for each in page.get("Contents", ())]
        return [_stat(each["Key"].removeprefix(root), each["Size"], each) for each in found]

    @cached_property
    def _errors(self) -> Any:
        return require("botocore.exceptions", extra="cloud", purpose=_PURPOSE)

    @cached_property
    def _boto(self) -> Any:
        # Takes a third of a second to load, so only where it is needed.
        session = require("boto3.session", extra="cloud", purpose=_PURPOSE).Session()
        botocore = require("botocore", extra="cloud", purpose=_PURPOSE)
        config = require("botocore.config", extra="cloud", purpose=_PURPOSE).Config(
            connect_timeout=self.policy.request_timeout_seconds,
            read_timeout=self.policy.request_timeout_seconds,
            retries={"mode": "standard", "total_max_attempts": 3},
            signature_version=botocore.UNSIGNED if os.environ.get("AWS_SKIP_SIGNATURE") else None,
            s3={"addressing_style": "path" if self.endpoint else "auto"},
        )
        region = self.region or "us-east-1"  # obstore's default too
        return session.client("s3", region_name=region, endpoint_url=self.endpoint, config=config)

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": f"{self.prefix}/{key}" if self.prefix else key}

    @contextmanager
    def _asking(self, key: str, action: str) -> Iterator[None]:
        """Turn every error of botocore into one of ours, without its text: that may hold URLs."""
        try:
            yield
        except self._errors.ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            place = {"store": self.name, "key": key, "action": action}
            raise error_of_answer(**place, status=_status(error), code=code) from None
        except (self._errors.NoCredentialsError, self._errors.PartialCredentialsError):
            detail = "no credentials in the environment"
            raise AccessDeniedError(store=self.name, key=key, action=action, detail=detail) from None
        except self._errors.BotoCoreError as error:
            detail = type(error).__name__
            raise UnreachableError(store=self.name, key=key, action=action, detail=detail) from None


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _stat(key: str, size_bytes: int, answer: Mapping[str, Any]) -> ObjectStat:
    modified_ms = int(answer["LastModified"].timestamp() * 1000)
    return ObjectStat(key=key, size_bytes=size_bytes, modified_ms=modified_ms, etag=answer["ETag"].strip('"'))
