"""Folders of an S3 object store, each with a local folder as a stand-in.

A stand-in has a file for every object, with the same size and date, but empty: it is sparse and takes no space. Photos
are found and named there as in any other folder. The contents of a few files are fetched at a time and dropped again;
results written to a stand-in are uploaded to the store. An upload is atomic, like a rename in a file system.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from colorizer.errors import ColorizeError, reason
from colorizer.files import Fingerprint, fingerprint, is_file, resolved

_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,63}")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and what other vendors' stores add."""
_AT_ONCE = 16
"""Objects in transfer at a time: a store answers each of many requests as fast as a single one."""
_CONNECT_SECONDS = 10
_NO_NAME = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL, errno.EILSEQ)
"""Errors of file systems for an impossible name, or a name that belongs to both a file and a folder."""


class Place:
    """A folder to read photos from or to write results to."""

    is_store = False
    """Whether the folder is in a store, where every object is complete."""
    left_out: Sequence[str] = ()
    """Objects whose names are not valid file names."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def named(self, text: str) -> str:
        """Replace the stand-in's path in a sentence by the address of the store."""
        return text

    def fetched(self, names: Iterable[str]) -> AbstractContextManager[None]:
        """Provide the contents of files while the block runs.

        Args:
            names: File names relative to the folder.

        Raises:
            ColorizeError: The store refuses, or the disk is full.
        """
        return nullcontext()

    def put(self, names: Iterable[str]) -> None:
        """Upload files of the folder to the store; raise ColorizeError."""

    def put_records(self) -> None:
        """Upload the kept files that have changed to the store; raise ColorizeError."""


class _StandIn(Place):
    """A local stand-in for part of an object store."""

    is_store = True

    def __init__(self, folder: Path, store: str, client: Any, is_kept: Callable[[str], bool]):
        super().__init__(folder)
        self._address, self._client, self._is_kept = store, client, is_kept
        self._known: dict[str, Fingerprint | None] = {}
        """Fingerprints of kept files when they were last fetched or uploaded."""

    def __str__(self) -> str:
        return self._address

    def named(self, text: str) -> str:
        return text.replace(str(self.folder), self._address)

    def fill(self) -> None:
        """Create a file for every object, and fetch the kept ones; raise ColorizeError."""
        with _refused(self._address):
            names, self.left_out = _made(self.folder, _listed(self._client, self._address))
        self._each(self._fetch, [name for name in names if self._is_kept(name)])

    @contextmanager
    def fetched(self, names: Iterable[str]) -> Iterator[None]:
        away = [name for name in names if not self._is_kept(name)]
        try:
            self._each(self._fetch, away)
            yield
        finally:
            for name in away:
                _empty(self.folder / name)

    def put(self, names: Iterable[str]) -> None:
        self._each(self._put, list(names))

    def put_records(self) -> None:
        kept = (path for path in self.folder.iterdir() if is_file(path) and self._is_kept(path.name))
        self._each(self._put, [path.name for path in kept if self._known.get(path.name) != fingerprint(path)])

    def _each(self, do: Callable[[str], None], names: Sequence[str]) -> None:
        if not names:
            return
        with _refused(self._address), ThreadPoolExecutor(min(_AT_ONCE, len(names))) as threads:
            try:
                for _ in threads.map(do, names):
                    pass
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise

    def _fetch(self, name: str) -> None:
        path = self.folder / name
        time = path.stat().st_mtime_ns
        self._client.download_file(*self._key(name), str(path), Config=_one_thread())
        os.utime(path, ns=(time, time))
        if self._is_kept(name):
            self._known[name] = fingerprint(path)

    def _put(self, name: str) -> None:
        path = self.folder / name
        self._client.upload_file(str(path), *self._key(name), Config=_one_thread())
        if self._is_kept(name):
            self._known[name] = fingerprint(path)
        else:
            _empty(path)

    def _key(self, name: str) -> tuple[str, str]:
        bucket, prefix = _bucket_and_prefix(self._address)
        return bucket, prefix + name.replace(os.sep, "/")


def address(path: Path) -> str:
    """Return the object store address of a path, such as "s3://archive/scans", or "" for any other path.

    The path is the address after `Path` has parsed it.
    """
    return "s3://" + "/".join(path.parts[1:]) if path.parts[:1] == ("s3:",) else ""


@contextmanager
def stood_in(path: Path, is_kept: Callable[[str], bool]) -> Iterator[Place]:
    """Yield the place of a path. For an object store, this is a stand-in that is removed after the block.

    Args:
        path: A folder, or the address of an object store as a path.
        is_kept: Whether to fetch an object at once and keep its content, by its relative name. All others have only a
            name.

    Raises:
        ColorizeError: The store cannot be listed or read.
    """
    if not (store := address(path)):
        yield Place(path)
        return
    client = _client(store)
    with tempfile.TemporaryDirectory(prefix="colorizer-", ignore_cleanup_errors=True) as folder:
        place = _StandIn(resolved(folder), store, client, is_kept)
        place.fill()
        yield place


def _listed(client: Any, store: str) -> Iterator[tuple[str, int, int]]:
    """Yield each object below an address: its relative name, size in bytes and modification time in nanoseconds."""
    bucket, prefix = _bucket_and_prefix(store)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            name = entry["Key"][len(prefix) :]
            if name and not name.endswith("/"):  # stores' consoles create such objects for empty folders
                yield name, entry["Size"], round(entry["LastModified"].timestamp() * 1000) * 1_000_000


def _made(folder: Path, objects: Iterable[tuple[str, int, int]]) -> tuple[list[str], list[str]]:
    """Create the stand-in files of objects; return the names that were created and those that were left out."""
    made, left_out = [], []
    for name, size, time in objects:
        path = folder / name
        try:
            is_odd = any(part in ("", ".", "..") for part in name.split("/")) or "\\" in name or "\0" in name
            if is_odd or not path.is_relative_to(folder):  # "C:/…", on Windows
                raise OSError(errno.EINVAL, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.truncate(size)
            os.utime(path, ns=(time, time))
        except OSError as error:
            if error.errno not in _NO_NAME:
                raise ColorizeError(f"Cannot list objects in {folder}: {error.strerror}.") from error
            left_out.append(name)
        else:
            made.append(name)
    return made, left_out


def _empty(path: Path) -> None:
    """Drop a file's content, but keep its size and date."""
    state = path.stat()
    os.truncate(path, 0)
    os.truncate(path, state.st_size)
    os.utime(path, ns=(state.st_mtime_ns, state.st_mtime_ns))


def _bucket_and_prefix(store: str) -> tuple[str, str]:
    bucket, _, prefix = store.removeprefix("s3://").partition("/")
    return bucket, f"{prefix}/" if prefix else ""


def _client(store: str) -> Any:
    if find_spec("boto3") is None:
        raise ColorizeError(
            f'{store} needs boto3 (extra "s3"), which is not installed; run: pip install "boto3>=1.36,<2".'
        )
    bucket, _ = _bucket_and_prefix(store)
    if not _BUCKET.fullmatch(bucket):
        raise ColorizeError(f"{store} does not name a bucket. Enter s3://BUCKET or s3://BUCKET/FOLDER.")
    import boto3
    from botocore.config import Config

    with _refused(store):
        return boto3.session.Session().client(
            "s3", config=Config(max_pool_connections=_AT_ONCE, connect_timeout=_CONNECT_SECONDS)
        )


def _one_thread() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(use_threads=False)


@contextmanager
def _refused(store: str) -> Iterator[None]:
    """Turn errors of boto3 or the store into ColorizeError, as one sentence."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except NoCredentialsError as error:
        raise ColorizeError(
            f"No credentials found for {store}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or configure "
            "credentials another way that boto3 supports."
        ) from error
    except (Boto3Error, BotoCoreError, ClientError, ValueError) as error:  # ValueError: for AWS_ENDPOINT_URL
        cause = error.__context__ if isinstance(error.__context__, ClientError) else error
        code = cause.response.get("Error", {}).get("Code", "") if isinstance(cause, ClientError) else ""
        if code == "NoSuchBucket":
            raise ColorizeError(f"The bucket of {store} does not exist. Check its name.") from error
        raise ColorizeError(f"The object store refused access to {store}: {reason(cause)}") from error
    except OSError as error:
        raise ColorizeError(f"Cannot continue with {store}: {error.strerror or error}.") from error
