"""Photos in an S3 object store, colorized in parts: a real server of it, moto's, on this machine."""

import json
import sys
from urllib.request import urlopen

import pytest

from colorizer.console import command_line
from tests.shared_photos import made_by_one, pictures_of, small_photos

boto3 = pytest.importorskip("boto3", reason='boto3, the extra "s3", is not installed')
from moto.server import ThreadedMotoServer  # noqa: E402


@pytest.fixture(scope="module")
def server():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def store(server, monkeypatch, tmp_path):
    """A client of an object store that has one empty bucket; the program finds the same one."""
    for name, value in (
        ("AWS_ENDPOINT_URL", server),
        ("AWS_ACCESS_KEY_ID", "somebody"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_CONFIG_FILE", str(tmp_path / "no configuration")),
        ("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no credentials")),
    ):
        monkeypatch.setenv(name, value)
    urlopen(f"{server}/moto-api/reset", b"").close()
    client = boto3.session.Session().client("s3")
    client.create_bucket(Bucket="archive")
    return client


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """The program, in this process: give it flags, and it returns its exit code and what it said."""

    def run(*flags) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["colorize.py", *map(str, flags)])
        code = command_line._run()
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return run


def test_two_parts_of_a_bucket_end_as_a_single_run_of_the_same_photos(run, store, tmp_path):
    photos = small_photos(tmp_path / "photos", 20)
    (photos / "0" / "000.jpg").rename(photos / "0" / "without an ending")
    for path in photos.rglob("*.*"):
        store.upload_file(str(path), "archive", f"scans/{path.relative_to(photos)}")
    store.upload_file(str(photos / "0" / "without an ending"), "archive", "scans/0/without an ending")
    store.put_object(Bucket="archive", Key="scans/0/", Body=b"")  # a folder, as stores' own pages make one
    store.put_object(Bucket="archive", Key="scans/../up.jpg", Body=b"no file can be called so")
    flags = ["colorize", "--dataset", "s3://archive/scans", "--to", "s3://archive/in colour", "--cache", "none"]
    flags += ["--output", tmp_path / "out"]
    code, said = run(*flags, "--shard", "0/2")
    assert code == 0, said
    assert "1 object is left out: no file can be called so. The first: '../up.jpg'." in said
    assert run("merge", "--to", "s3://archive/in colour")[0] == 1  # the other part is missing
    code, said = run(*flags, "--shard", "1/2")
    assert code == 0, said
    code, said = run("merge", "--to", "s3://archive/in colour")
    assert code == 0, said
    assert "20 color photos of 22 files, each once: s3://archive/in colour/manifest.jsonl" in said
    code, said = run(*flags, "--shard", "0/1")  # in another number of parts, all is there
    assert code == 0, said
    assert "20 of 22 photos of part 0/1 are done already." in said

    fetched = tmp_path / "fetched"
    for entry in store.list_objects_v2(Bucket="archive", Prefix="in colour/")["Contents"]:
        path = fetched / entry["Key"].removeprefix("in colour/")
        path.parent.mkdir(parents=True, exist_ok=True)
        store.download_file("archive", entry["Key"], str(path))
    assert pictures_of(fetched) == made_by_one(photos, tmp_path / "single")
    whys = [json.loads(line).get("why") for line in (fetched / "manifest.jsonl").read_text().splitlines()]
    assert "s3://archive/scans/in colour.png is already in color." in whys


@pytest.mark.parametrize(
    ("flags", "code", "sentence"),
    [
        (["colorize", "--dataset", "s3://archive/a", "--to", "s3://archive/b"], 2, "An object store, s3://archive/a"),
        (["colorize", "--dataset", "s3://archive/a", "--to", "x", "--cluster", "local"], 2, "An object store"),
        (["evaluate", "--dataset", "s3://archive/a", "--to", "x", "--shard", "0/2"], 2, "An object store"),
        (["colorize", "--dataset", "s3://archive/a", "--to", "s3://archive/a/b", "--shard", "0/2"], 2, "lies among"),
        (["colorize", "--dataset", "s3://", "--to", "x", "--shard", "0/2"], 1, "s3:// does not name a bucket"),
        (
            ["colorize", "--dataset", "s3://a b/c", "--to", "x", "--shard", "0/2"],
            1,
            "s3://a b/c does not name a bucket",
        ),
        (["colorize", "--dataset", "s3://archive/a", "--to", "x", "--shard", "0/2"], 1, "no files in s3://archive/a"),
        (
            ["colorize", "--dataset", "s3://nowhere/a", "--to", "x", "--shard", "0/2"],
            1,
            "The bucket of s3://nowhere/a does not exist",
        ),
        (["merge", "--to", "s3://nowhere"], 1, "The bucket of s3://nowhere does not exist."),
        (["merge", "--to", "s3://archive"], 1, "nothing in s3://archive that was done in parts"),
    ],
)
def test_addresses_that_lead_nowhere_are_a_sentence(flags, code, sentence, run, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended, said = run(*flags)
    assert ended == code
    assert sentence in said
    assert not [*tmp_path.iterdir()]


def test_a_store_that_refuses_or_is_not_there_is_a_sentence(run, store, monkeypatch):
    merge = ["merge", "--to", "s3://archive/in colour"]
    monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)  # from now on it asks who one is
    code, said = run(*merge)
    assert code == 1
    assert "The object store refused access to s3://archive/in colour: An error occurred (InvalidAccessKeyId)" in said
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    code, said = run(*merge)
    assert code == 1
    assert "Could not connect to the endpoint URL" in said
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    code, said = run(*merge)
    assert code == 1
    assert "No credentials found for s3://archive/in colour. Set AWS_ACCESS_KEY_ID" in said
